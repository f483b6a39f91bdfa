/**
 * A coordinator that tells how long its event loop was kept at one go since it was last asked: a
 * pipeline of pictures, `pass`, and one of tensors, `numbers`. For `deno task bench bodies`.
 * @module
 */
import { startCoordinator } from '../../cli/serve/coordinator.ts'
import { answerLines } from '../child.ts'
import { passing } from '../server.ts'

/** Between two looks at the clock: each costs some microseconds. */
const LOOK_MS = 5

/** Milliseconds of processor that this thread has had; what passed where the machine does not tell. */
function ranMs(): number {
  try {
    return Number(Deno.readTextFileSync('/proc/thread-self/schedstat').split(' ')[0]) / 1e6
  } catch {
    return performance.now()
  }
}

/** The longest turn in milliseconds of processor: others may have it meanwhile. */
let longestMs = 0
let lastMs = performance.now()
let lastRanMs = ranMs()
setInterval(() => {
  const [nowMs, nowRanMs] = [performance.now(), ranMs()]
  longestMs = Math.max(longestMs, Math.min(nowMs - lastMs - LOOK_MS, nowRanMs - lastRanMs))
  ;[lastMs, lastRanMs] = [nowMs, nowRanMs]
}, LOOK_MS)

const takes = { x: { type: 'float32', shape: [-1], typical: [4] } }
const pipelines = [passing('pass', 30_000), passing('numbers', 30_000, { takes })]
const { url } = startCoordinator({ port: 0, pipelines })

await answerLines<null>(url, () => {
  const told = Math.round(longestMs)
  longestMs = 0
  return told
})
