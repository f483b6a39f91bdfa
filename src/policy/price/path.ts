/**
 * A path of tasks that follow an item: accuracy, slot time and duration.
 *
 * @module
 */

/** Standard deviations that an upper latency is above the mean. */
export const UPPER = 1.65

export interface Path {
  accuracy: number
  /** Accuracy of its least accurate leaf. */
  least: number
  leaves: number
  /** Slot ms by group index; their price, as of the last call of `Paths.price`. */
  groupMs: number[]
  price: number
  /** By station: ms of work; ms until the station is first needed. */
  stationMs: number[]
  leadMs: number[]
  /** Time until the last batch has a slot while all slots are busy, and its variance in ms². */
  waitMs: number
  waitVariance: number
  /** Duration until the last item ends, with slots free, and its variance in ms². */
  chainMs: number
  variance: number
}

/** The shortest path of an item, including the item. */
export interface Quickest {
  chainMs: number
  variance: number
  /** Station ms of the path that takes the least station time; and the most of one station. */
  stationMs: number[]
  mostMs: number
  /** ms until each station is first needed. */
  leadMs: number[]
  /** Station ms without the item itself. */
  laterMs: readonly number[]
}

/** Lower bound of the tasks that follow an item: duration of the shortest path, ms of each station. */
export interface Least {
  chainMs: number
  stationMs: readonly number[]
}

/** Two parallel branches: the longer one sets the duration. */
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
