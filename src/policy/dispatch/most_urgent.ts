/**
 * Which item a slot looks at first: the most urgent of those that wait for what it can serve, unless
 * there is work that is this slot's to do before.
 *
 * @module
 */
import { holdsAll, type Slot } from '../pool/slots.ts'
import type { Item } from '../queue/query.ts'
import { byUrgency } from '../queue/queue.ts'
import type { Waiting } from '../queue/waiting.ts'
import type { TaskShape } from '../shape.ts'
import type { View } from './choose.ts'
import { isInGoodHands } from './help.ts'

/**
 * The earliest deadline over all queues that the slot can serve; deeper tasks first, then older.
 *
 * Where slots hold all, one that other groups will have done in time is passed over for one that is
 * this group's to do: who alone is quick at a task would else do what others can, and have these wait
 * for what comes of it. Where they hold only some variants, tasks come first of which the group has
 * had less than its share: who alone holds the quick detector would else help with what is older, of
 * which there is always some while time is short, and the slow detectors go on to make more of it.
 *
 * @param cursors by index of the task: items of it that were left to others already
 */
export function mostUrgent(
  slot: Slot,
  cursors: readonly number[],
  waiting: Waiting,
  view: View,
): Item | undefined {
  const group = slot.group!
  const { targets } = view
  const canAll = holdsAll(slot)
  let found: Item | undefined
  let owed: Item | undefined
  let planned = 0
  for (const task of group.tasks) {
    const item = itemOf(task, cursors, waiting)
    if (item === undefined) continue
    if (isBefore(item, found)) found = item
    if (!targets.isPlanned(task, group)) continue
    planned++
    if (!canAll && isBefore(item, owed) && targets.isBehind(task, group)) owed = item
  }
  if (!canAll) return owed ?? found
  if (planned < 2) return found
  let own: Item | undefined
  for (const task of group.tasks) {
    const item = itemOf(task, cursors, waiting)
    if (item === undefined || !isBefore(item, own) || !targets.isPlanned(task, group)) continue
    if (!isInGoodHands(item, cursors[task.index]!, slot, view)) own = item
  }
  return own ?? found
}

const itemOf = (task: TaskShape, cursors: readonly number[], waiting: Waiting) =>
  waiting.of(task).at(cursors[task.index]!)

const isBefore = (a: Item, b: Item | undefined) =>
  b === undefined ||
  (a.deadlineMs - b.deadlineMs || b.task.depth - a.task.depth || byUrgency(a, b)) < 0
