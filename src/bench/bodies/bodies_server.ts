/**
 * A coordinator that tells how long its event loop was kept at one go: a pipeline of pictures, `pass`,
 * and one of tensors, `numbers`. For `deno task bench bodies`.
 * @module
 */
import { checkPipeline } from '../../pipeline/parse.ts'
import { startCoordinator } from '../../cli/serve/coordinator.ts'
import { answerLines } from '../child.ts'

/** Between two looks at the clock: each costs some microseconds. */
const LOOK_MS = 5

/** What the event loop was kept since it was last asked. */
export interface Kept {
  /** Longest turn in milliseconds of processor: others may have it meanwhile. */
  longestMs: number
  /** Most resident memory in MB, all of it. */
  peakMb: number
}

const pipelineOf = (name: string, more: object) =>
  checkPipeline({
    ...{ schema: 'shoal-pipeline/1', name, sloMs: 30_000, root: 'pass' },
    tasks: { pass: { variants: { only: { accuracy: 1, referenceMs: 0.1 } }, ...more } },
    output: { passed: { each: 'pass', with: ['text'] } },
  }, 'bench')

const pipelines = [
  pipelineOf('pass', {}),
  pipelineOf('numbers', { takes: { x: { type: 'float32', shape: [-1], typical: [4] } } }),
].map((pipeline) => ({ dir: '', pipeline, models: {} }))

/** Milliseconds of processor that this thread has had; what passed where the machine does not tell. */
function ranMs(): number {
  try {
    return Number(Deno.readTextFileSync('/proc/thread-self/schedstat').split(' ')[0]) / 1e6
  } catch {
    return performance.now()
  }
}

let longestMs = 0
let lastMs = performance.now()
let lastRanMs = ranMs()
setInterval(() => {
  const nowMs = performance.now()
  const nowRanMs = ranMs()
  longestMs = Math.max(longestMs, Math.min(nowMs - lastMs - LOOK_MS, nowRanMs - lastRanMs))
  lastMs = nowMs
  lastRanMs = nowRanMs
}, LOOK_MS)

/** Sets the peak back to what is resident now, where the machine can. */
const forgetPeak = () => Deno.writeTextFile('/proc/self/clear_refs', '5').catch(() => {})

async function peakMb(): Promise<number> {
  const status = await Deno.readTextFile('/proc/self/status').catch(() => '')
  return Math.round(Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? NaN) / 1024)
}

const { url } = startCoordinator({ port: 0, pipelines })

await answerLines<null>(url, async (): Promise<Kept> => {
  const kept = { longestMs: Math.round(longestMs), peakMb: await peakMb() }
  await forgetPeak()
  longestMs = 0
  return kept
})
