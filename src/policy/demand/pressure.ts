/**
 * Whether time is short for a while already. A queue that chance made is worked off within the time
 * of a query: whoever just fits in may come in. One that stands is no chance, and queries that only
 * just fit in have slots run small batches, one after the other, until much of the pool's throughput
 * is gone: then the door asks for more.
 *
 * That a queue is judged by how long it has stood, and not by its length, is the idea of controlled
 * delay (K. Nichols, V. Jacobson, "Controlling Queue Delay", ACM Queue 10(5), 2012).
 *
 * @module
 */

/** In the time that a query has: so long must time have been short, */
const STANDING = 0.25
/** with no longer pause than this between two queries for which it was; */
const PAUSE = 0.2
/** and after so long without any, it is so no more. */
const RELIEF = 8
/** Of the share of the SLO that queries have on average, at most all of it; over so many of them. */
const LITTLE = 0.5
const MEMORY = 50

export interface Pressure {
  /**
   * A query comes that has so much time. Tells whether time has been short for long. Who has much less
   * than is usual is short of time behind any queue, and goes before it: that says nothing of it.
   *
   * @param isShort whether a queue leaves it less than what the door asks for when it is
   */
  isStanding(isShort: boolean, leftMs: number, sloMs: number, nowMs: number): boolean
  /** What the last query was told. */
  readonly stands: boolean
}

export function createPressure(): Pressure {
  let fromMs = -Infinity
  let lastMs = -Infinity
  let lastLeftMs = 0
  let stands = false
  let usual: number | undefined
  return {
    get stands() {
      return stands
    },
    isStanding(isShort, leftMs, sloMs, nowMs) {
      const share = Math.min(leftMs / sloMs, 1)
      usual = usual === undefined ? share : usual + (share - usual) / MEMORY
      if (share < LITTLE * usual) return stands
      const pauseMs = nowMs - lastMs
      // Of two queries the one with more time says what a pause is: the queue is one for all.
      const timeMs = Math.max(leftMs, lastLeftMs)
      if (pauseMs > RELIEF * timeMs) stands = false
      if (!isShort) return stands
      if (pauseMs >= PAUSE * timeMs) fromMs = nowMs
      lastMs = nowMs
      lastLeftMs = leftMs
      if (nowMs - fromMs > STANDING * leftMs) stands = true
      return stands
    },
  }
}
