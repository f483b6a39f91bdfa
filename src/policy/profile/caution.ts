/**
 * Caution: what share of a query's laxity decisions leave alone, for what no latency foresees: a
 * machine that other work holds up, a stall of a runtime. Where next to none is late a fifth is
 * enough; where machines are less steady the same fifth costs queries, and more is kept, at the
 * price of some accuracy. Fed back from what was late.
 *
 * @module
 */

export interface Caution {
  /** Share of the laxity to keep. */
  readonly keep: number
  /**
   * @param finished queries that ended since the last call
   * @param missed of them those that did not end in time
   * @param fades the best paths carry all, or nothing is left to trade: what was learned fades
   */
  learn(finished: number, missed: number, fades: boolean, nowMs: number): void
}

export const LEAST_KEEP = 0.2
const MOST_KEEP = 0.6
/** What one query that is late adds; together at most so much at a time. */
const STEP = 0.03
const MOST_STEP = 0.12
/** It settles where this share is late. */
const MISSED_SHARE = 0.001
/** Share of the way back that goes with each query in time while the best paths carry all. */
const FADE = 1e-4
/**
 * After so long without one that is late it fades with time, too, however few queries there are: a
 * machine that stood still once is not to cost accuracy for hours.
 */
const CALM_MS = 300_000
const CALM_FADE_MS = 120_000

export function createCaution(): Caution {
  let keep = LEAST_KEEP
  let missedMs = -Infinity
  let seenMs = 0
  return {
    get keep() {
      return keep
    },
    learn(finished, missed, fades, nowMs) {
      const up = Math.min(STEP * missed, MOST_STEP)
      const down = STEP * MISSED_SHARE * finished
      keep += up - down
      if (missed > 0) missedMs = nowMs
      else if (fades) keep += (LEAST_KEEP - keep) * (1 - (1 - FADE) ** finished)
      const calmMs = nowMs - Math.max(seenMs, missedMs + CALM_MS)
      if (calmMs > 0) keep += (LEAST_KEEP - keep) * (1 - Math.exp(-calmMs / CALM_FADE_MS))
      seenMs = nowMs
      keep = Math.min(Math.max(keep, LEAST_KEEP), MOST_KEEP)
    },
  }
}
