/**
 * The demand estimate of all peers: counts in windows of one second, exponentially weighted with
 * the weight of the Loki artifact.
 *
 * @module
 */
export interface Estimate {
  count(nowMs: number, more?: number): void
  ratePerS(nowMs: number): number
}

const WINDOW_MS = 1000
const ALPHA = 0.385

/** @param ratePerS what it holds until windows have ended */
export function createEstimate(ratePerS: number, startMs = 0): Estimate {
  let mean = ratePerS
  let windowMs = startMs
  let counted = 0

  function advance(nowMs: number): void {
    while (nowMs - windowMs >= WINDOW_MS) {
      mean += ALPHA * (counted * 1000 / WINDOW_MS - mean)
      counted = 0
      windowMs += WINDOW_MS
      // After a long silence: what is left of the mean is nothing.
      if (mean < 1e-9 && nowMs - windowMs > 60 * WINDOW_MS) {
        windowMs += Math.floor((nowMs - windowMs) / WINDOW_MS) * WINDOW_MS
      }
    }
  }

  return {
    count(nowMs, more = 1) {
      advance(nowMs)
      counted += more
    },
    ratePerS(nowMs) {
      advance(nowMs)
      return mean
    },
  }
}
