/**
 * Lingering: an idle slot with a small batch at hand waits a moment for what comes next, where that
 * saves more of its time than it waits; or does work of another task first.
 *
 * @module
 */
import { holdsAll, meanMsOn, type Slot } from '../pool/slots.ts'
import type { Member } from './batching.ts'
import type { View } from './choose.ts'

/**
 * Share of its laxity that a query may be kept waiting so, and of what the hastiest have; and while
 * the slot has other work.
 */
const MOST = 0.08
const MOST_BUSY = 0.15
/** Time that is to be saved for each moment of waiting; and while the slot has other work. */
const SAVED = 1
const SAVED_BUSY = 0.5

/**
 * Until when this slot should leave a batch of all that waits of a task; undefined when it should
 * take it now.
 *
 * What comes while it waits runs in this batch in place of one of its own: for each item that is the
 * difference between what an item costs on average and what it adds. Only where time is scarce, or
 * the time that is saved would buy nothing; and only where slots hold all, for elsewhere it is the
 * wait for the right slot that decides.
 *
 * A slot that has work of other tasks loses no time by waiting, and so may wait for less, and longer.
 * On unlike devices another may be the one to take what comes.
 *
 * @param busy work of other tasks waits
 */
export function lingerUntilMs(
  { item, choice }: Member,
  count: number,
  slot: Slot,
  { nowMs, targets, capacity, hasteMs }: View,
  busy: boolean,
): number | undefined {
  if (!targets.isScarce || !holdsAll(slot) || item.attempts > 0) return undefined
  const canDoOther = busy && capacity.groups.length === 1
  const laxityMs = Math.min(item.query.laxityMs, hasteMs)
  const untilMs = item.queuedAtMs + (canDoOther ? MOST_BUSY : MOST) * laxityMs
  if (nowMs >= untilMs) return undefined
  const { variant } = choice.prefix
  const meanMs = meanMsOn(slot, variant, count)
  const doubleMs = meanMsOn(slot, variant, 2 * count)
  const savedMs = meanMs / count - (doubleMs - meanMs) / count
  const worth = targets.itemsPerMs(item.task, slot.group!) * savedMs
  return worth > (canDoOther ? SAVED_BUSY : SAVED) ? untilMs : undefined
}
