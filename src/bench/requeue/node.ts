/**
 * A Deno node that suffers what it is told to, a line each on its standard input:
 *
 * `terminate` its workers end where they are, without a word; `destroy` its GPU device is lost;
 * `jump MS` it slept so long: its clock and all its timers jump.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import type { BackendWish } from '../../node/backend/choice.ts'
import type { Clock } from '../../node/clock.ts'
import { createDenoHost } from '../../node/host_deno.ts'
import { createNode } from '../../node/node.ts'
import { codecAssetUrls } from '../../cli/serve/codec_assets.ts'

interface SleepyClock extends Clock {
  jump(ms: number): void
}

/** The system's clock, until it jumps; what falls due in a jump is called late, in its order. */
function createSleepyClock(): SleepyClock {
  let sleptMs = 0
  const timers = new Map<
    object,
    { atMs: number; action: () => void; handle: ReturnType<typeof setTimeout> }
  >()
  const nowMs = () => performance.now() + sleptMs
  const arm = (timer: object, atMs: number, action: () => void) => {
    const handle = setTimeout(() => {
      timers.delete(timer)
      action()
    }, Math.max(0, atMs - nowMs()))
    timers.set(timer, { atMs, action, handle })
  }
  return {
    nowMs,
    after(ms, action) {
      const timer = {}
      arm(timer, nowMs() + ms, action)
      return () => {
        clearTimeout(timers.get(timer)?.handle)
        timers.delete(timer)
      }
    },
    jump(ms) {
      sleptMs += ms
      const all = [...timers].sort(([, a], [, b]) => a.atMs - b.atMs)
      for (const [timer, { atMs, action, handle }] of all) {
        clearTimeout(handle)
        arm(timer, atMs, action)
      }
    },
  }
}

const { values } = parseArgs({
  args: Deno.args,
  options: {
    join: { type: 'string', default: '' },
    name: { type: 'string', default: 'node' },
    duty: { type: 'string', default: '1' },
    backend: { type: 'string', default: 'wasm' },
    cache: { type: 'string', default: 'shoal-models' },
    measure: { type: 'boolean', default: false },
  },
})
const workers = new Set<Worker>()
const plain = createDenoHost({
  codecs: codecAssetUrls(),
  cache: values.cache,
  worker: new URL('./worker.ts', import.meta.url),
})
const clock = createSleepyClock()
const node = createNode({
  clock,
  host: {
    ...plain,
    createWorker() {
      const worker = plain.createWorker()
      workers.add(worker)
      return worker
    },
  },
  url: values.join,
  name: values.name,
  backend: values.backend as BackendWish,
  slots: 1,
  duty: Number(values.duty),
  measure: values.measure,
})
plain.onExit((why) => void node.stop(why))
const channel = new BroadcastChannel('shoal-fault')

async function suffer(): Promise<void> {
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream())
  for await (const line of lines) {
    const [fault, argument] = line.trim().split(' ')
    if (fault === 'destroy') channel.postMessage('destroy')
    if (fault === 'jump') clock.jump(Number(argument))
    if (fault !== 'terminate') continue
    for (const worker of workers) worker.terminate()
    workers.clear()
  }
}

// Nobody is left to end it.
void suffer().finally(() => Deno.exit(1))
await node.start()
await node.left
Deno.exit(0)
