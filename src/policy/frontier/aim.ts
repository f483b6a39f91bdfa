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
   * @param tight of them those that ended with less than `TIGHT` of their time left, or not in time
   * @param atBest nothing is gained by aiming higher: the best paths carry all
   */
  learn(finished: number, tight: number, atBest: boolean): void
}

/** Share of its time that a query should have left. */
export const TIGHT = 0.1
/** Share of queries that may end tighter. */
const TIGHT_SHARE = 0.02
const START = 1
const LEAST = 0.7
const MOST = 1.2
/** Slow up, quick down, each time that so many queries have ended: few tell little. */
const UP = 0.004
const DOWN = 0.03
const ENOUGH = 20

export function createAim(): Aim {
  let value = START
  let seen = 0
  let close = 0
  return {
    get value() {
      return value
    },
    learn(finished, tight, atBest) {
      seen += finished
      close += tight
      if (seen < ENOUGH) return
      const share = close / seen
      seen = close = 0
      if (share > TIGHT_SHARE) value -= DOWN * Math.min(1, share / (5 * TIGHT_SHARE))
      else if (!atBest) value += UP
      else value += (START - value) * UP
      value = Math.min(Math.max(value, LEAST), MOST)
    },
  }
}
