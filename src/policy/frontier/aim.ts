/**
 * The aim: what share of the capacity the frontier plans with. Too high, and queries finish close to
 * their deadlines or are saved by downgrades; too low, and accuracy is given away. It is fed back
 * from the slack that finished queries had left.
 *
 * @module
 */

export interface Aim {
  /** Share of the capacity to plan with. */
  readonly value: number
  /**
   * @param finished queries that ended since the last call
   * @param tight of them those that ended in time, but with less than `TIGHT` of their time left; of
   * others the share of items that want of time lowered, times `LOWERED`
   * @param missed of them those that did not end in time
   * @param atBest nothing is gained by aiming higher: the best paths carry all
   */
  learn(finished: number, tight: number, missed: number, atBest: boolean): void
}

/** Share of its time that a query should have left. */
export const TIGHT = 0.1
/** What one item of a query tells that had no time for the variant that the mix wanted. */
export const LOWERED = 0.5
/** Share of queries that may end tighter; the aim settles where so many do. */
const TIGHT_SHARE = 0.03
/** One that is late tells as much as so many that are only tight: they say how far the tail goes. */
const MISSED = 40
const START = 1
const LEAST = 0.7
const MOST = 1.2
/** What each query moves it by; together at most so far down, each time that so many have ended. */
const STEP = 5e-5
const MOST_DOWN = 0.03
const ENOUGH = 20
/** Share of the way back to where it began, likewise, while the best paths carry all. */
const BACK = 0.004

export function createAim(): Aim {
  let value = START
  let seen = 0
  let close = 0
  return {
    get value() {
      return value
    },
    learn(finished, tight, missed, atBest) {
      seen += finished
      close += tight + MISSED * missed
      if (seen < ENOUGH) return
      // Up and down by one measure: else it swings, and each swing costs accuracy.
      const step = Math.max(STEP * (seen - close / TIGHT_SHARE), -MOST_DOWN)
      value += atBest && step > 0 ? (START - value) * BACK : step
      seen = close = 0
      value = Math.min(Math.max(value, LEAST), MOST)
    },
  }
}
