/**
 * How fast a backend is on this machine, tried in a worker of its own beside those that serve.
 *
 * @module
 */
import type { Clock } from '../clock.ts'
import type { Answer } from '../engine/answer.ts'
import { bringUp, type BringUpOptions } from '../slot/bring_up.ts'
import type { WorkerClient } from '../slot/worker_client.ts'

export interface TrialOptions extends Omit<BringUpOptions, 'maxLoadMs' | 'onDeath' | 'started'> {
  /** From the start of the worker to the last figure. */
  limitMs: number
}

export interface Trial {
  /** Sum over the specs of what one item takes in the model, warm. */
  readonly result: Promise<Answer<number>>
  /** Ends it where it stands; the result is then a failure. */
  stop(): void
}

/** Runs of each variant; their median counts. */
export const TRIAL_RUNS = 5

/** Starts at once. */
export function startTrial(options: TrialOptions): Trial {
  const { clock, limitMs, specs } = options
  const untilMs = clock.nowMs() + limitMs
  let client: WorkerClient | undefined
  const stop = () => client?.close()

  async function run(): Promise<Answer<number>> {
    const answer = await bringUp({
      ...options,
      maxLoadMs: limitMs,
      started: (mine) => client = mine,
    })
    if (!answer.ok) return answer
    let sumMs = 0
    for (const { key } of specs) {
      // WebAssembly starts slow, and what it is compared with has been at it for a while.
      if (options.engine.backend === 'wasm') {
        await warmUp(clock, () => answer.value.client.measure(key, 1, limitMs))
      }
      const runsMs: number[] = []
      // Out of time with a figure in hand is as good as done.
      while (runsMs.length < TRIAL_RUNS && (runsMs.length === 0 || clock.nowMs() < untilMs)) {
        const one = await answer.value.client.measure(key, 1, Math.max(1, untilMs - clock.nowMs()))
        if (!one.ok) return one
        runsMs.push(one.value.runMs)
      }
      sumMs += medianMs(runsMs)
    }
    return { ok: true, value: sumMs }
  }

  const stopTimer = clock.after(limitMs, stop)
  const result = run().finally(() => {
    stopTimer()
    stop()
  })
  return { result, stop }
}

/** As the profiler has it: below this WebAssembly is still being recompiled. */
const WARM_RUNS = 20
const WARM_MS = 3000

/** Runs until the figures are worth taking, or one fails. */
export async function warmUp(clock: Clock, once: () => Promise<Answer<unknown>>): Promise<void> {
  const fromMs = clock.nowMs()
  for (let run = 0; run < WARM_RUNS && clock.nowMs() - fromMs < WARM_MS; run++) {
    if (!(await once()).ok) return
  }
}

export function medianMs(runsMs: readonly number[]): number {
  const sorted = runsMs.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
