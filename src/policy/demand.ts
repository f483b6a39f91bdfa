/**
 * How many queries arrive: counts in windows of one second, and their exponentially weighted mean
 * with the weight of the paper's artifact.
 *
 * @module
 */

export interface Demand {
  /** A query arrived. */
  count(nowMs: number): void
  /** Queries per second: the weighted mean of the windows that have ended. */
  ratePerS(nowMs: number): number
}

const WINDOW_MS = 1000
const ALPHA = 0.385
/** After so many windows without a query the mean has faded to nothing that matters. */
const FORGET_WINDOWS = 60

export function createDemand(): Demand {
  let meanPerS = 0
  let counted = 0
  let startMs: number | undefined
  let ended = 0

  function advance(nowMs: number): void {
    if (startMs === undefined) startMs = nowMs
    const windows = Math.floor((nowMs - startMs) / WINDOW_MS)
    for (let i = 0; i < Math.min(windows, FORGET_WINDOWS); i++) {
      const rate = counted * 1000 / WINDOW_MS
      meanPerS = ended === 0 ? rate : meanPerS + ALPHA * (rate - meanPerS)
      ended++
      counted = 0
    }
    if (windows > 0) startMs += windows * WINDOW_MS
    if (windows > FORGET_WINDOWS) meanPerS = 0
  }

  return {
    count(nowMs) {
      advance(nowMs)
      counted++
    },
    ratePerS(nowMs) {
      advance(nowMs)
      return meanPerS
    },
  }
}
