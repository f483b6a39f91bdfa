/**
 * When slots that are busy have done so much work: they come free one after the other, and what is
 * urgent begins with the first of them, not when on average all are free.
 *
 * @module
 */
import type { Layout } from './capacity.ts'
import type { Rest } from './query.ts'

/**
 * Time until a pool has done this much, in ms. Slots come free evenly, the last after twice the mean:
 * so after a time `t` until then they have done `t^2 / (4 x mean)`.
 *
 * @param busyMs mean time until a slot is free
 * @param workMs time of the whole pool
 */
export const doneAfterMs = (busyMs: number, workMs: number): number =>
  workMs >= busyMs ? busyMs + workMs : 2 * Math.sqrt(busyMs * workMs)

/** What a query still needs, going the quickest way; as of {@linkcode Rest}. */
type Needs = Pick<Rest, 'poolMs' | 'firstMs' | 'chainMs' | 'afterMs'>

/** Share of the work ahead that slots lose between batches, until all of it is done. */
const LOST = 0.025

/** That share: none where slots do not hold all, since there who is behind others often goes elsewhere. */
export const lostShare = ({ allHeld }: Pick<Layout, 'allHeld'>) => allHeld ? LOST : 0

/**
 * Time until a query is done that stands behind so much work, and its first item behind so much of
 * first items. While that waits and runs, what is ahead of those that follow from it is done. Behind a
 * long queue it begins later by what slots lose; at most that comes to its first item, which no other
 * runs beside.
 */
export const finishedAfterMs = (
  busyMs: number,
  aheadMs: number,
  firstAheadMs: number,
  { poolMs, firstMs, chainMs, afterMs }: Needs,
  lost: number,
): number =>
  Math.max(
    doneAfterMs(busyMs, aheadMs + poolMs),
    doneAfterMs(busyMs, aheadMs) + afterMs + Math.min(lost * aheadMs, chainMs - afterMs),
    doneAfterMs(busyMs, firstAheadMs + firstMs) - firstMs + chainMs,
  )
