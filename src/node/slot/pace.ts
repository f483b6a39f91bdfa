/**
 * What measuring keeps to, wherever it runs: it begins nothing on pause, and takes no more of the
 * time than batches would.
 *
 * @module
 */
import { type Clock, createSleeper } from '../clock.ts'
import { restAfterMs } from '../rest_after.ts'

export interface Pace {
  /** Whether another run may begin. */
  may(): boolean
  /** Runs it, then rests as a slot does after a batch. Nothing where it may not begin. */
  run<T>(once: () => Promise<T>): Promise<Paced<T> | undefined>
  /** Ends all rests. */
  stop(): void
}

export interface Paced<T> {
  value: T
  /** Without the rest. */
  tookMs: number
}

/** @param duty share of the time to work, 0..1; asked at each use */
export function createPace(clock: Clock, duty: () => number, may: () => boolean): Pace {
  const sleeper = createSleeper(clock)
  return {
    may,
    async run(once) {
      if (!may()) return undefined
      const fromMs = clock.nowMs()
      const value = await once()
      const tookMs = clock.nowMs() - fromMs
      const restMs = restAfterMs(tookMs, duty())
      if (restMs > 0) await sleeper.pause(restMs)
      return { value, tookMs }
    },
    stop: () => sleeper.wake(),
  }
}
