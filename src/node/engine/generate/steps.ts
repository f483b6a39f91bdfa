/**
 * Runs of all generators of a worker: one after the other, in the order asked for, so that none starves;
 * with rests between them that keep to the volunteer's share of the time.
 *
 * @module
 */
import { restAfterMs } from '../../rest_after.ts'

export interface Steps {
  /** Share of the time to work, 0..1. */
  duty: number
  run<T>(once: () => Promise<T>): Promise<T>
  /** How many runs have ended. */
  readonly ended: number
  readonly rests: boolean
  /** How long it has rested in all, in ms. */
  readonly restedMs: number
}

export function createSteps(nowMs: () => number): Steps {
  let tail: Promise<unknown> = Promise.resolve()
  /** Of the last run. */
  let tookMs = 0
  let endedMs = 0
  let rests = false
  let restedMs = 0
  let ended = 0

  async function rest(): Promise<void> {
    const fromMs = nowMs()
    const owedMs = endedMs + restAfterMs(tookMs, steps.duty) - fromMs
    if (owedMs <= 0) return
    rests = true
    await new Promise((resolve) => setTimeout(resolve, owedMs))
    rests = false
    restedMs += nowMs() - fromMs
  }

  async function paced<T>(once: () => Promise<T>): Promise<T> {
    await rest()
    const fromMs = nowMs()
    try {
      return await once()
    } finally {
      endedMs = nowMs()
      tookMs = endedMs - fromMs
      ended++
    }
  }

  const steps: Steps = {
    duty: 1,
    run(once) {
      const run = tail.then(() => paced(once))
      tail = run.catch(() => {})
      return run
    },
    get ended() {
      return ended
    },
    get rests() {
      return rests
    },
    get restedMs() {
      return restedMs
    },
  }
  return steps
}
