/**
 * How fast a backend is on this machine, tried in a worker of its own beside those that serve.
 *
 * @module
 */
import { afterAwake } from '../clock.ts'
import type { Answer } from '../engine/answer.ts'
import { medianMs } from '../measure/series.ts'
import { bringUp, type BringUpOptions } from '../slot/bring_up.ts'
import type { Pace } from '../slot/pace.ts'
import type { WorkerClient } from '../slot/worker_client.ts'

export interface TrialOptions extends Omit<BringUpOptions, 'maxLoadMs' | 'onDeath' | 'started'> {
  pace: Pace
  /** From the start of the worker to the last figure, without rests. */
  limitMs: number
}

export interface Trial {
  /** Sum over the specs of what one item takes in the model, warm. */
  readonly result: Promise<Answer<number>>
  /** Ends it where it stands; the result is then a failure. */
  stop(): void
}

const PAUSED = { ok: false, code: 'run_failed', message: 'The node pauses' } as const
const LATE = { ok: false, code: 'timeout', message: 'Its time was over' } as const

/** Runs of each variant; their median counts. */
export const TRIAL_RUNS = 5

/** Starts at once. */
export function startTrial(options: TrialOptions): Trial {
  const { clock, pace, limitMs, specs } = options
  let client: WorkerClient | undefined
  let late = false
  let restedMs = 0
  let disarm = afterAwake(clock, limitMs, end)
  const stop = () => {
    disarm()
    client?.close()
  }

  /** Its time is over, but for its rests: they are not the device's. */
  function end(): void {
    const moreMs = restedMs
    restedMs = 0
    late = moreMs <= 0
    if (late) stop()
    else disarm = afterAwake(clock, moreMs, end)
  }

  const timed: Pick<Pace, 'run'> = {
    async run(once) {
      const fromMs = clock.nowMs()
      const one = await pace.run(once)
      if (one !== undefined) restedMs += clock.nowMs() - fromMs - one.tookMs
      return one
    },
  }

  async function run(): Promise<Answer<number>> {
    const answer = await bringUp({
      ...options,
      maxLoadMs: limitMs,
      started: (mine) => client = mine,
    })
    if (!answer.ok) return answer
    const worker = answer.value.client
    let sumMs = 0
    for (const { key } of specs) {
      // WebAssembly starts slow, and the backend that it is compared with is warm.
      if (options.engine.backend === 'wasm') {
        await warmUp(timed, () => worker.measure(key, 1, limitMs))
      }
      const runsMs: number[] = []
      while (runsMs.length < TRIAL_RUNS) {
        const one = await timed.run(() => worker.measure(key, 1, limitMs))
        // Out of time with a figure in hand is as good as done.
        if (late && runsMs.length > 0) break
        if (one?.value.ok !== true) return one?.value ?? PAUSED
        runsMs.push(one.value.value.runMs)
      }
      sumMs += medianMs(runsMs)
    }
    return { ok: true, value: sumMs }
  }

  const result = run().then((answer) => late && !answer.ok ? LATE : answer).finally(stop)
  return { result, stop }
}

/** As the profiler has it: below this WebAssembly is still being recompiled. */
const WARM_RUNS = 20
const WARM_MS = 3000

/** Runs until the figures are worth taking, or one fails. */
export async function warmUp(
  pace: Pick<Pace, 'run'>,
  once: () => Promise<Answer<unknown>>,
): Promise<void> {
  let workedMs = 0
  for (let runs = 0; runs < WARM_RUNS && workedMs < WARM_MS; runs++) {
    const run = await pace.run(once)
    if (run?.value.ok !== true) return
    workedMs += run.tookMs
  }
}
