/**
 * Who rests: of each group as many nodes are awake as the plan asks for, those that were awake
 * before all others. One whose batch is overdue may be gone: another is awake in its place, of
 * another group if its own has none.
 *
 * @module
 */
import type { PolicyCommand } from '../core/types.ts'
import type { Capacity } from './capacity.ts'
import { isOverdue, type PoolNode, type Slot } from './slots.ts'

/** Sets nodes to rest and wakes others, and says so. Returns the slots for which that changed. */
export function applyRest(
  capacity: Capacity,
  awake: ReadonlyMap<string, number>,
  emit: (command: PolicyCommand) => void,
  nowMs: number,
): Slot[] {
  if (areAllAwake(capacity, awake)) return []
  const wanted = new Set<PoolNode>()
  const nodes = new Set<PoolNode>()
  /** What is missing: how fast those would be that are not heard of. */
  let short = 0
  for (const group of capacity.groups) {
    let missing = Math.min(awake.get(group.key) ?? Infinity, group.slots.length)
    for (const { node } of group.slots) nodes.add(node)
    // Those awake before keep their place; slots of one node wake together.
    for (const before of [true, false]) {
      for (const slot of group.slots) {
        if (missing <= 0) break
        const { node } = slot
        if (node.resting === before) continue
        wanted.add(node)
        if (!isOverdue(slot, nowMs)) missing--
      }
    }
    short += missing / group.meanMs
  }
  // The quickest come first.
  for (const { slots, meanMs } of capacity.groups) {
    for (const slot of slots) {
      if (!(short > 1e-9)) break
      if (wanted.has(slot.node) || isOverdue(slot, nowMs)) continue
      wanted.add(slot.node)
      short -= 1 / meanMs
    }
  }
  const changed: Slot[] = []
  for (const node of nodes) {
    const rests = !wanted.has(node)
    if (node.resting === rests) continue
    node.resting = rests
    const slots = rests ? 0 : node.slots.length
    emit({ type: 'scale', node: node.id, slots, duty: node.duty, threads: 1 })
    changed.push(...node.slots)
  }
  return changed
}

/** Whether nobody rests, and nobody should: then no more is to be found out. */
function areAllAwake({ groups }: Capacity, awake: ReadonlyMap<string, number>): boolean {
  for (const { key, slots } of groups) {
    if ((awake.get(key) ?? Infinity) < slots.length) return false
    for (const { node } of slots) if (node.resting) return false
  }
  return true
}
