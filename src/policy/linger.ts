/**
 * Lingering: an idle slot with a small batch at hand waits a moment for what comes next, where that
 * saves more of its time than it waits.
 *
 * @module
 */
import type { Member } from './batching.ts'
import type { View } from './choose.ts'
import { holdsAll, latencyOn, type Slot } from './slots.ts'

/** Share of its laxity that a query may be kept waiting so. */
const MOST = 0.08

/**
 * Until when this slot should leave a batch of all that waits of a task; undefined when it should
 * take it now.
 *
 * What comes while it waits runs in this batch in place of one of its own: for each item that is the
 * difference between what an item costs on average and what it adds. Only where time is scarce, or
 * the time that is saved would buy nothing; and only where slots hold all, for elsewhere it is the
 * wait for the right slot that decides.
 */
export function lingerUntilMs(
  { item, choice }: Member,
  count: number,
  slot: Slot,
  { nowMs, targets, profile }: View,
): number | undefined {
  if (!targets.isScarce || !holdsAll(slot) || item.attempts > 0) return undefined
  const untilMs = item.queuedAtMs + MOST * item.query.laxityMs
  if (nowMs >= untilMs) return undefined
  const { variant } = choice.prefix
  const meanMs = latencyOn(slot, variant, count, profile).meanMs
  const doubleMs = latencyOn(slot, variant, 2 * count, profile).meanMs
  const savedMs = meanMs / count - (doubleMs - meanMs) / count
  return targets.itemsPerMs(item.task, slot.group!) * savedMs > 1 ? untilMs : undefined
}
