/**
 * What follows an item on one path: accuracy, slot time, and how long it lasts.
 *
 * @module
 */

/** Standard deviations that an upper latency is above the mean. */
export const UPPER = 1.65

export interface Path {
  accuracy: number
  /** Of its least accurate leaf. */
  least: number
  leaves: number
  /** Slot ms by index of group; their price, as of the last call of `price`. */
  groupMs: number[]
  price: number
  /** ms of each station; and until it is first needed, at the soonest. */
  stationMs: number[]
  leadMs: number[]
  /** Time until the last batch has a slot while all are busy, and its variance. */
  waitMs: number
  waitVariance: number
  /** Until the last item is in, with slots free. */
  chainMs: number
  variance: number
}

/** The shortest path of an item, itself included. */
export interface Quickest {
  chainMs: number
  variance: number
  /** Of a path that takes least of the stations. */
  stationMs: number[]
  mostMs: number
  /** How long it takes until each station is first needed. */
  leadMs: number[]
  /** The same without the item itself. */
  laterMs: readonly number[]
}

/** What follows an item at the least: how long the shortest path lasts, and ms of each station. */
export interface Least {
  chainMs: number
  stationMs: readonly number[]
}

/** Two branches beside each other: they end with the longer one. */
export function beside(a: Path, b: Path): Path {
  const leaves = a.leaves + b.leaves
  const longer = a.chainMs > b.chainMs ? a : b
  return {
    accuracy: leaves > 0 ? (a.accuracy * a.leaves + b.accuracy * b.leaves) / leaves : 0,
    least: Math.min(a.least, b.least),
    leaves,
    groupMs: a.groupMs.map((ms, g) => ms + b.groupMs[g]!),
    price: 0,
    stationMs: a.stationMs.map((ms, i) => ms + b.stationMs[i]!),
    leadMs: a.leadMs.map((ms, i) => Math.min(ms, b.leadMs[i]!)),
    waitMs: Math.max(a.waitMs, b.waitMs),
    waitVariance: Math.max(a.waitVariance, b.waitVariance),
    chainMs: longer.chainMs,
    variance: longer.variance,
  }
}
