/**
 * The rest that a slot takes after a batch, so that it works no more than its share of the time.
 *
 * @module
 */
import { type Clock, createSleeper } from '../clock.ts'
import { restAfterMs } from '../rest_after.ts'

export interface Rest {
  /** A batch has just ended. */
  after(tookMs: number): void
  /** When that was, on the node's clock. */
  readonly lastMs: number
  /** What is left of it by the share of now. */
  readonly leftMs: number
  pause(): Promise<void>
  /** The share changed. */
  recount(): void
}

/** @param duty share of the time to work, 0..1; asked at each use */
export function createRest(clock: Clock, duty: () => number): Rest {
  let sleeper = createSleeper(clock)
  let lastMs = -Infinity
  let tookMs = 0
  const leftMs = () => lastMs + restAfterMs(tookMs, duty()) - clock.nowMs()
  return {
    after(ms) {
      lastMs = clock.nowMs()
      tookMs = ms
    },
    get lastMs() {
      return lastMs
    },
    get leftMs() {
      return leftMs()
    },
    pause: () => sleeper.pause(Math.max(0, leftMs())),
    recount() {
      sleeper.wake()
      sleeper = createSleeper(clock)
    },
  }
}
