/**
 * When slots that are busy have done so much work: they come free one after the other, and what is
 * urgent begins with the first of them, not when on average all are free.
 *
 * @module
 */
import type { Island } from '../pool/islands.ts'
import type { Rest } from '../queue/query.ts'

/**
 * How slots come free: evenly, the last after twice this mean time in ms; or as is known of each of
 * them, where batches of one pipeline are long for the queries of another: then some slots are there
 * at once, and others not before these are late.
 */
export type Free = number | Freeing

/** Of each slot it is known when it comes free. */
export interface Freeing {
  /** Time until they have done so much, in ms of the whole pool. */
  doneAfterMs(workMs: number): number
  /** Slots that are still busy after so long. */
  busyAfter(ms: number): number
}

/** @param leftsMs of each busy slot of so many the time until it is free, rising */
export function createFreeing(leftsMs: readonly number[], slots: number): Freeing {
  const busy = Math.min(leftsMs.length, slots)
  const idle = slots - busy
  /** What is done when the next one of the busy slots comes free. */
  const doneMs = new Float64Array(busy)
  let sumMs = 0
  let beforeMs = 0
  for (let i = 0; i < busy; i++) {
    sumMs += (idle + i) * (leftsMs[i]! - beforeMs) / slots
    beforeMs = leftsMs[i]!
    doneMs[i] = sumMs
  }
  return {
    doneAfterMs(workMs) {
      const free = countUpTo(doneMs, workMs)
      const fromMs = free === 0 ? 0 : leftsMs[free - 1]!
      const restMs = workMs - (free === 0 ? 0 : doneMs[free - 1]!)
      return restMs <= 0 ? fromMs : fromMs + restMs * slots / (idle + free)
    },
    busyAfter: (ms) => leftsMs.length - countUpTo(leftsMs, ms),
  }
}

/** How many of these, which rise, are no more than that. */
function countUpTo(rising: ArrayLike<number>, most: number): number {
  let low = 0
  let high = rising.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (rising[middle]! <= most) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Time until a pool has done this much, in ms. Where slots come free evenly they have done
 * `t^2 / (4 x mean)` after a time `t` until all are.
 *
 * @param workMs time of the whole pool
 */
export function doneAfterMs(free: Free, workMs: number): number {
  if (typeof free !== 'number') return free.doneAfterMs(workMs)
  return workMs >= free ? free + workMs : 2 * Math.sqrt(free * workMs)
}

/** When what is less urgent than so much work can begin, as decisions inside reckon. */
export const beginsAtMs = (free: Free, workMs: number, nowMs: number): number =>
  typeof free === 'number' ? nowMs + free + workMs : nowMs + free.doneAfterMs(workMs)

/** What a query still needs, going the quickest way; as of {@linkcode Rest}. */
type Needs = Pick<Rest, 'poolMs' | 'firstMs' | 'chainMs' | 'afterMs'>

/** Share of the work ahead that slots lose between batches, until all of it is done. */
const LOST = 0.025

/** That share: none where slots do not hold all, since there who is behind others often goes elsewhere. */
export const lostShare = ({ allHeld }: Pick<Island, 'allHeld'>) => allHeld ? LOST : 0

/**
 * Time until a query is done that stands behind so much work, and its first item behind so much of
 * first items. While that waits and runs, what is ahead of those that follow from it is done. Behind a
 * long queue it begins later by what slots lose; at most that comes to its first item, which no other
 * runs beside.
 */
export const finishedAfterMs = (
  free: Free,
  aheadMs: number,
  firstAheadMs: number,
  { poolMs, firstMs, chainMs, afterMs }: Needs,
  lost: number,
): number =>
  Math.max(
    doneAfterMs(free, aheadMs + poolMs),
    doneAfterMs(free, aheadMs) + afterMs + Math.min(lost * aheadMs, chainMs - afterMs),
    doneAfterMs(free, firstAheadMs + firstMs) - firstMs + chainMs,
  )
