/**
 * Applies the levels that `use` decided to nodes, and calls resting slots.
 *
 * Nodes in use are kept before others are added. A node with an overdue batch may be gone: another node
 * is used in its place, from another group if its own has none.
 *
 * @module
 */
import type { InUse, Level } from '../core/elastic.ts'
import type { PolicyCommand } from '../core/types.ts'
import type { Capacity } from './capacity.ts'
import { type Group, type PoolNode, type Slot } from './node.ts'
import { isOverdue } from './slots.ts'
import { speedupsOf } from './threads.ts'

type Emit = (command: PolicyCommand) => void

/** Scales nodes to levels by kind of group; a kind without a level uses all that its nodes lend. */
export function applyLevels(
  capacity: Capacity,
  levels: ReadonlyMap<string, Level>,
  emit: Emit,
  nowMs: number,
): Slot[] {
  const wanted = new Map<PoolNode, InUse>()
  const nodes = new Map<PoolNode, Level | undefined>()
  /** Missing speed: the sum of 1 / meanMs over the slots missing. */
  let short = 0
  for (const [kind, groups] of kindsOf(capacity)) {
    const slots = groups.flatMap((group) => group.slots)
    const level = levels.get(kind)
    for (const { node } of slots) nodes.set(node, level)
    const missing = spread(slots, level, wanted, nowMs)
    short += missing / groups[0]!.meanMs
  }
  // Groups are sorted quickest first.
  for (const { slots, meanMs } of capacity.groups) {
    for (const slot of slots) {
      if (!(short > 1e-9)) break
      if (isWanted(slot, wanted) || isOverdue(slot, nowMs)) continue
      take(slot, undefined, wanted)
      short -= 1 / meanMs
    }
  }
  return [...nodes].flatMap(([node, level]) => {
    const to = wanted.get(node) ?? inUseOf(node, 0, level)
    return scale(node, { ...to, slots: Math.max(to.slots, emptyUpTo(node)) }, emit, nowMs)
  })
}

/** Slots up to the last that holds nothing yet: an empty slot must be in use to load. */
const emptyUpTo = ({ slots }: PoolNode): number =>
  slots.findLastIndex(({ group, loading }) => group === null || loading !== null) + 1

/** Groups by kind; those of one kind differ only in their threads. */
export function kindsOf({ groups }: Capacity): Map<string, Group[]> {
  const kinds = new Map<string, Group[]>()
  for (const group of groups) {
    const own = kinds.get(group.kind)
    if (own === undefined) kinds.set(group.kind, [group])
    else own.push(group)
  }
  return kinds
}

/** Takes slots for a level; returns how many of the level's slots are missing. */
function spread(
  slots: readonly Slot[],
  level: Level | undefined,
  wanted: Map<PoolNode, InUse>,
  nowMs: number,
): number {
  let missing = Math.min(level?.count ?? Infinity, slots.length)
  const mostEach = slots.reduce((most, { index }) => Math.max(most, index + 1), 0)
  // Up to `each` slots of each node, then more if that is not enough.
  for (let each = Math.min(level?.slots ?? mostEach, mostEach); each <= mostEach; each++) {
    for (const before of [true, false]) {
      for (const slot of slots) {
        if (missing <= 0) return 0
        if (slot.index >= each || isWanted(slot, wanted)) continue
        if ((slot.node.inUse.slots > 0) !== before) continue
        take(slot, level, wanted)
        if (!isOverdue(slot, nowMs)) missing--
      }
    }
  }
  return missing
}

const isWanted = ({ node, index }: Slot, wanted: ReadonlyMap<PoolNode, InUse>) =>
  index < (wanted.get(node)?.slots ?? 0)

function take({ node, index }: Slot, level: Level | undefined, wanted: Map<PoolNode, InUse>): void {
  wanted.set(node, inUseOf(node, Math.max(index + 1, wanted.get(node)?.slots ?? 0), level))
}

function inUseOf(node: PoolNode, slots: number, level: Level | undefined): InUse {
  const { duty, inUse, requested } = node
  const speedups = speedupsOf(node)
  const threads = speedups.length > 1
    ? Math.min(level?.threads ?? requested.threads, speedups.length)
    : inUse.threads
  return { slots, duty: Math.min(level?.duty ?? duty, duty), threads }
}

/** Scales a node; returns the slots whose use changed. */
function scale(node: PoolNode, to: InUse, emit: Emit, nowMs: number): Slot[] {
  const { requested, inUse } = node
  const isRequested = to.slots === requested.slots && to.duty === requested.duty &&
    to.threads === requested.threads
  if (!isRequested) {
    node.requested = to
    emit({ type: 'scale', node: node.id, ...to })
  }
  if (to.slots > 0) node.restsSinceMs = Infinity
  else if (inUse.slots > 0) node.restsSinceMs = nowMs
  const from = Math.min(to.slots, inUse.slots)
  node.inUse = { ...to, threads: inUse.threads }
  return node.slots.slice(from, Math.max(to.slots, inUse.slots))
}

/** Puts a resting slot in use for a batch, along with the slots of its node before it. */
export function call(
  { node, index }: Slot,
  { emit, changed }: { emit: Emit; changed(slot: Slot): void },
  nowMs: number,
): void {
  scale(node, { ...node.requested, slots: index + 1 }, emit, nowMs).forEach(changed)
}
