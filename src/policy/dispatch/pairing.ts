/**
 * Pairing: on unlike devices each does the items that the mix has it do. Who alone is quick at the
 * better variants does those that are worth it, those of a query with few of them say, and leaves the
 * others to who does no more than they need.
 *
 * @module
 */
import type { Slot } from '../pool/slots.ts'
import type { Item } from '../queue/query.ts'
import type { DeadlineQueue } from '../queue/queue.ts'
import type { VariantShape } from '../shape.ts'
import type { View } from './choose.ts'
import { isForOthers } from './help.ts'

/** How far back in the queue an item is looked for that is this slot's to do. */
const LOOK = 64

/**
 * Where in the queue the slot should begin: at this position, or behind it at the first item that
 * came by a way on which the mix has what it wants done here next. Those that are passed over must be
 * in good hands: of others, who do on their way what the mix has done there.
 */
export function pairedPosition(
  position: number,
  queue: DeadlineQueue<Item>,
  slot: Slot,
  view: View,
): number {
  const { targets, capacity } = view
  const { task } = queue.at(position)!
  const group = slot.group!
  if (task.depth === 0 || capacity.groups.length < 2 || !targets.isPlanned(task, group)) {
    return position
  }
  const variant = targets.next(task, group)
  if (variant === undefined) return position
  let last: Item | undefined
  const end = Math.min(queue.length, position + LOOK)
  for (let i = position; i < end; i++) {
    const item = queue.at(i)!
    // Siblings stand together.
    if (last !== undefined && item.query === last.query && item.way === last.way) continue
    if (targets.isFor(item, variant)) return i
    if (!isForOthers(item, i, slot, view)) return position
    last = item
  }
  return position
}

/** The first position from this one on at which the mix has an item done by the variant, if near. */
export function firstFor(
  variant: VariantShape,
  position: number,
  queue: DeadlineQueue<Item>,
  { targets }: View,
): number {
  const end = Math.min(queue.length, position + LOOK)
  for (let i = position; i < end; i++) if (targets.isFor(queue.at(i)!, variant)) return i
  return position
}
