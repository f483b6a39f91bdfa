/**
 * Items that only some of the slots do: queries may ask for a least accuracy, and where slots hold a
 * few variants each only some of them reach it. These slots do such items first, whatever else waits
 * there: that others can do.
 *
 * @module
 */
import type { Tails } from '../lookahead/tails.ts'
import type { Slot } from '../pool/slots.ts'
import type { Item } from '../queue/query.ts'
import type { Waiting } from '../queue/waiting.ts'
import type { View } from './choose.ts'

/** So many of a queue are looked at. */
const MOST = 32

/** By index of the way, then by level; good as long as the tails are. */
const knownOf = new WeakMap<Tails, boolean[][]>()

/**
 * The most urgent of those that this slot can do and others of the task's slots cannot, with its place
 * in the queue; undefined where there is none.
 */
export function firstConfined(
  slot: Slot,
  waiting: Waiting,
  view: View,
): { item: Item; position: number } | undefined {
  if (waiting.flooredCount === 0) return undefined
  let found: { item: Item; position: number } | undefined
  for (const task of slot.group!.tasks) {
    const queue = waiting.of(task)
    const most = Math.min(queue.length, MOST)
    for (let position = 0; position < most; position++) {
      const item = queue.at(position)!
      if (item.query.level === 0 || !isConfined(item, view) || !canDo(item, slot, view)) continue
      if (found === undefined || item.deadlineMs < found.item.deadlineMs) found = { item, position }
      break
    }
  }
  return found
}

const canDo = ({ way, query }: Item, { held }: Slot, { tails }: View) =>
  way.prefixes.some((prefix) =>
    held.has(prefix.variant) && tails.tails(prefix, query.level).length > 0
  )

function isConfined({ way, query: { level } }: Item, { tails, capacity }: View): boolean {
  let known = knownOf.get(tails)
  if (known === undefined) knownOf.set(tails, known = [])
  return (known[way.index] ??= [])[level] ??= groupsAt(level) < groupsAt(0)

  function groupsAt(level: number): number {
    const able = way.prefixes.filter((prefix) => tails.tails(prefix, level).length > 0)
    return new Set(
      able.flatMap(({ variant }) =>
        capacity.services[variant.index]?.servers.map(({ group }) => group) ?? []
      ),
    ).size
  }
}
