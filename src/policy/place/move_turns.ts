/**
 * Which slots' turn it is to change. A plan may have one slot leave a set, three others change, and
 * only then more leave it: slots that hold and shall hold the same are given as many turns as the plan
 * has left for them, and no more.
 *
 * @module
 */
import type { VariantRef } from '../types.ts'
import { type AssignSlot, type Goal, keyOf, missing, moveKey, setKey } from './match.ts'
import type { Placement } from './placement.ts'

const goalKey = (className: string, variants: readonly VariantRef[]) =>
  `${className}\r${setKey(variants.map(keyOf))}`

/** By slot the position of its move in the plan; none for those that the plan says nothing of. */
export function turnsOf(
  { first }: Placement,
  slots: readonly AssignSlot[],
  goals: ReadonlyMap<AssignSlot, Goal>,
): Map<AssignSlot, number> {
  const turns = new Map<AssignSlot, number>()
  if (first.length === 0) return turns
  /** Slots that hold the set, are on their way to it, or have had a turn here. */
  const has = new Map<string, number>()
  const waiting = new Map<string, AssignSlot[]>()
  for (const slot of slots) {
    const goal = goals.get(slot)!
    const set = goalKey(slot.class, goal.variants)
    if (missing(slot, goal).length === 0 || (slot.loading ?? []).length > 0) {
      has.set(set, (has.get(set) ?? 0) + 1)
      continue
    }
    const key = `${slot.class}\r${moveKey(slot.held.map(keyOf), goal.variants.map(keyOf))}`
    const alike = waiting.get(key)
    if (alike === undefined) waiting.set(key, [slot])
    else alike.push(slot)
  }
  first.forEach(({ class: name, from, to, slots, had }, position) => {
    const set = goalKey(name, to)
    const alike = waiting.get(`${name}\r${moveKey(from.map(keyOf), to.map(keyOf))}`) ?? []
    const left = Math.min(slots, had + slots - (has.get(set) ?? 0))
    const taken = alike.splice(0, Math.max(0, left))
    for (const slot of taken) turns.set(slot, position)
    has.set(set, (has.get(set) ?? 0) + taken.length)
  })
  return turns
}
