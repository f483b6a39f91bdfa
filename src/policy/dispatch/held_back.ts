/**
 * Held back: an item waits for a better variant that nobody holds yet, while one is being loaded and
 * its deadline leaves time for that. Else whoever asks a pool that has just started, and has nothing
 * else to do, would be answered by the worst that it has.
 *
 * @module
 */
import type { Slot } from '../pool/slots.ts'
import { LEAST_KEEP } from '../profile/caution.ts'
import type { Item } from '../queue/query.ts'
import type { Prefix } from '../shape.ts'
import type { Choice, View } from './choose.ts'

/** Whether this item is to wait for something better than this slot would have it done with. */
export function isHeldBack(item: Item, { prefix: { variant } }: Choice, slot: Slot, view: View) {
  if (!view.arrivals.any) return false
  return item.way.prefixes.some((better) =>
    better.variant.accuracy > variant.accuracy &&
    !view.tails.isHeld(better.variant) &&
    isInTime(item, better, slot, view)
  )
}

/** With all queries that are inside behind it: none is to be late because of the wait. */
function isInTime({ query, task }: Item, better: Prefix, slot: Slot, view: View): boolean {
  const { nowMs, inside, keep, tails, arrivals } = view
  const [tail] = tails.tails(better, query.level)
  if (tail === undefined) return false
  const items = query.items.filter((one) => one.task === task && one.state === 'queued').length
  const workMs = items * slot.node.times.upperMs(better.variant, 1) + tail.safeChainMs
  const doneMs = nowMs + arrivals.inMs(better.variant, nowMs) + inside * workMs
  return doneMs <= query.deadlineMs - Math.max(keep, LEAST_KEEP) * query.laxityMs
}
