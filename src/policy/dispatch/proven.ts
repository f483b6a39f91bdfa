/**
 * Who gets what failed already. An item is tried a few times only, and each further attempt goes to a
 * node that has shown more: the second to one that is trusted, the last to one of the coordinator's
 * own; or to whoever has shown most of those that could.
 *
 * @module
 */
import type { Tails } from '../lookahead/tails.ts'
import type { Capacity } from '../pool/capacity.ts'
import { isOverdue, type Slot } from '../pool/slots.ts'
import type { Item } from '../queue/query.ts'

/** Whether an item that failed waits for a node that has shown more than this slot's. */
export function isKeptForProven(
  { attempts, way, query: { level } }: Item,
  { node: { proof } }: Slot,
  { capacity: { groups }, tails, nowMs }: {
    capacity: Pick<Capacity, 'groups'>
    tails: Pick<Tails, 'tails'>
    nowMs: number
  },
): boolean {
  if (proof > attempts) return false
  return groups.some(({ held, slots }) =>
    slots.some((slot) => slot.node.proof > proof && !isOverdue(slot, nowMs)) &&
    way.prefixes.some((prefix) => held.has(prefix.variant) && tails.tails(prefix, level).length > 0)
  )
}
