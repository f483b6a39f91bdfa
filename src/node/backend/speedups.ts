/**
 * What more threads are worth here: one variant, run with 1, 2, ... threads, each in a worker of its
 * own beside those that serve, once, while the node is idle.
 *
 * @module
 */
import type { Clock } from '../clock.ts'
import type { Backend } from '../engine/engine.ts'
import type { InstanceSpec } from '../engine/worker_api.ts'
import type { Host } from '../host.ts'
import { bringUp } from '../slot/bring_up.ts'
import type { Pace } from '../slot/pace.ts'
import { roundsPerMs } from '../slot/rate.ts'
import type { WorkerClient } from '../slot/worker_client.ts'
import { warmUp } from './trial.ts'

export interface SpeedupsOptions {
  clock: Clock
  pace: Pace
  host: Pick<Host, 'assets' | 'createWorker'>
  backend: Backend
  /** Threads that a run may have; with one there is nothing to measure. */
  most: number
  /** What to measure: a variant that is held, and takes long enough to be worth dividing. */
  sample(): InstanceSpec | undefined
  fetchModel(spec: InstanceSpec): Promise<Uint8Array>
  /** Called at most once: how many times as fast as with one thread it ran with 1, 2, ... */
  found(speedups: readonly number[]): void
}

export interface Speedups {
  run(): Promise<'done' | 'disturbed'>
  /** A batch came in, or a pause: what is under way ends. */
  disturb(): void
  stop(): void
}

/** More are never tried: what one image takes is seldom divided further. */
const MOST_THREADS = 8
/** Less than this is not worth a choice. */
const LEAST_GAIN = 1.1
/** A further thread that brings less is the last that was tried. */
const LEAST_STEP = 1.03
/** Each number of threads is measured so often, and its best counts. */
const ROUNDS = 2
const WINDOW_MS = 500
const LIMIT_MS = 30_000
const MAX_DISTURBED = 6

export function createSpeedups(options: SpeedupsOptions): Speedups {
  const { clock, pace, host, backend } = options
  const most = Math.min(options.most, MOST_THREADS)
  /** Runs per ms with 1, 2, ... threads. */
  let rates: number[] = []
  let spec: InstanceSpec | undefined
  let done = most < 2
  let disturbed = 0
  let client: WorkerClient | undefined

  async function rateWith(threads: number, spec: InstanceSpec): Promise<number | undefined> {
    const up = await bringUp({
      clock,
      specs: [spec],
      assets: host.assets,
      maxLoadMs: LIMIT_MS,
      engine: { backend, threads },
      createWorker: () => host.createWorker(),
      fetchModel: options.fetchModel,
      started: (mine) => client = mine,
    })
    if (!up.ok) return undefined
    const mine = up.value.client
    try {
      const { key } = spec
      const runOne = async () => (await mine.measure(key, 1, LIMIT_MS)).ok
      await warmUp(pace, () => mine.measure(key, 1, LIMIT_MS))
      let best = 0
      for (let round = 0; round < ROUNDS; round++) {
        const rate = await roundsPerMs(pace, [key], WINDOW_MS, runOne)
        if (rate === undefined) return undefined
        best = Math.max(best, rate)
      }
      return best
    } finally {
      mine.close()
    }
  }

  function settle(): 'done' {
    done = true
    const one = rates[0] ?? 1
    const speedups = rates.map((rate) => Math.round(100 * rate / one) / 100)
    const best = Math.max(...speedups)
    if (best >= LEAST_GAIN) options.found(speedups.slice(0, speedups.indexOf(best) + 1))
    return 'done'
  }

  function disturbance(): 'done' | 'disturbed' {
    if (++disturbed < MAX_DISTURBED) return 'disturbed'
    return settle()
  }

  return {
    async run() {
      while (!done) {
        const sample = options.sample()
        if (sample === undefined || !pace.may()) return disturbance()
        // Figures of two variants do not compare.
        if (spec?.hash !== sample.hash || spec.key !== sample.key) rates = []
        spec = sample
        const rate = await rateWith(rates.length + 1, sample)
        client = undefined
        if (done) return 'done'
        if (rate === undefined) return disturbance()
        const last = rates.at(-1)
        rates.push(rate)
        if (rates.length === most || (last !== undefined && rate < LEAST_STEP * last)) settle()
      }
      return 'done'
    },
    disturb() {
      client?.close()
      client = undefined
    },
    stop() {
      done = true
      client?.close()
    },
  }
}
