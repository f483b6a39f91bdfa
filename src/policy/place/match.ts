/**
 * Matching the sets of a placement to slots: those that hold a set already take it first, then those
 * that lack least.
 *
 * @module
 */
import type { NodeId, VariantRef } from '../types.ts'
import type { Placement } from './placement.ts'

export interface AssignSlot {
  id: string
  node: NodeId
  class: string
  /** Loaded and warm. */
  held: VariantRef[]
  /** On their way; they count as moves under way. */
  loading?: VariantRef[]
  /** On the node's disk or in its memory already: cheap to load. */
  cached?: VariantRef[]
  /** Takes batches now, by the plan before; such slots go on until the new plan is in place. */
  awake?: boolean
  /** The slot has no room for the new beside the old: the old goes first. */
  tight?: boolean
}

export type SlotState = 'awake' | 'standby' | 'resting'

export interface Goal {
  state: SlotState
  variants: VariantRef[]
}

export const keyOf = ({ pipeline, task, variant }: VariantRef): string =>
  `${pipeline}\n${task}\n${variant}`

interface Wanted extends Goal {
  keys: Set<string>
  left: number
}

/** Loading what is in the node's cache costs little against fetching it. */
const CACHED = 0.25

export function match(
  placement: Placement,
  slots: readonly AssignSlot[],
): Map<AssignSlot, Goal> {
  const goals = new Map<AssignSlot, Goal>(
    slots.map((slot) => [slot, { state: 'resting', variants: [] }]),
  )
  for (const { class: name, sets, standbySets } of placement.classes) {
    const own = slots.filter((slot) => slot.class === name)
    const wanted = (list: typeof sets, state: SlotState) =>
      list.map(({ variants, slots: left }): Wanted => ({
        ...{ variants, state, left, keys: new Set(variants.map(keyOf)) },
      }))
    // Awake sets choose first: a slot that is warm for them is worth more there.
    const ranks = ranksOf(placement, name)
    const planned = plannedMoves(placement, name)
    for (const goalsOfState of [wanted(sets, 'awake'), wanted(standbySets, 'standby')]) {
      const free = own.filter((slot) => goals.get(slot)!.state === 'resting')
      for (const [slot, goal] of matchSome(free, goalsOfState, planned, ranks)) {
        goals.set(slot, goal)
      }
    }
  }
  return goals
}

/** What a slot lacks of what it shall hold. */
export function missing({ held }: AssignSlot, { variants }: Goal): VariantRef[] {
  const has = new Set(held.map(keyOf))
  return variants.filter((variant) => !has.has(keyOf(variant)))
}

/** The same for all slots that hold the one and shall hold the other. */
export const moveKey = (from: Iterable<string>, to: Iterable<string>) =>
  `${setKey(from)}\r${setKey(to)}`

/** The same in whatever order the variants are named. */
export const setKey = (keys: Iterable<string>) => [...keys].sort().join('\t')

/** Of moves that are to come first, by what is held and what shall be. */
function ranksOf({ first }: Placement, className: string): Map<string, number> {
  const ranks = new Map<string, number>()
  first.forEach(({ class: name, from, to }, i) => {
    const key = moveKey(from.map(keyOf), to.map(keyOf))
    if (name === className && !ranks.has(key)) ranks.set(key, i)
  })
  return ranks
}

interface PlannedMove {
  key: string
  slots: number
}

/** Moves as the placement ordered them, the last first: those that it began with may be done. */
const plannedMoves = ({ first }: Placement, className: string): PlannedMove[] =>
  first.filter((move) => move.class === className)
    .map(({ from, to, slots }) => ({ key: moveKey(from.map(keyOf), to.map(keyOf)), slots }))
    .reverse()

/** Slots that hold and lack the same are alike; only groups of them are compared with sets. */
function matchSome(
  slots: readonly AssignSlot[],
  sets: readonly Wanted[],
  planned: readonly PlannedMove[],
  ranks: ReadonlyMap<string, number>,
): [AssignSlot, Goal][] {
  const warmOnNode = new Map<string, number>()
  const groups = new Map<string, { slots: AssignSlot[]; held: Set<string>; cached: Set<string> }>()
  for (const slot of slots) {
    // What is on its way counts as held: changing one's mind would be a move more.
    const held = [...slot.held, ...slot.loading ?? []].map(keyOf).sort()
    const cached = (slot.cached ?? []).map(keyOf).sort()
    if (held.length > 0) warmOnNode.set(slot.node, (warmOnNode.get(slot.node) ?? 0) + 1)
    const key = `${held.join('\t')}\r${cached.join('\t')}\r${slot.awake === true}`
    const group = groups.get(key)
    if (group !== undefined) group.slots.push(slot)
    else groups.set(key, { slots: [slot], held: new Set(held), cached: new Set(cached) })
  }
  const warm = ({ node }: AssignSlot) => warmOnNode.get(node) ?? 0
  for (const group of groups.values()) {
    // Slots of one node together, so that other nodes can rest.
    group.slots.sort((a, b) =>
      warm(b) - warm(a) || (a.node < b.node ? -1 : a.node > b.node ? 1 : 0)
    )
  }
  const pairs = [...groups.values()].flatMap((group, g) =>
    sets.map((set, s) => {
      let [lacking, common] = [0, 0]
      for (const key of set.keys) {
        if (group.held.has(key)) common++
        else lacking += group.cached.has(key) ? CACHED : 1
      }
      const awake = group.slots[0]!.awake === true ? 0 : 1
      const key = moveKey(group.held, set.keys)
      const rank = ranks.get(key) ?? Infinity
      const surplus = group.held.size - common
      return { group, set, key, lacking, surplus, awake, rank, order: [g, s] }
    })
  )
  pairs.sort((a, b) =>
    a.lacking - b.lacking || a.surplus - b.surplus || a.awake - b.awake ||
    (a.rank === b.rank ? 0 : a.rank - b.rank) ||
    a.order[0]! - b.order[0]! || a.order[1]! - b.order[1]!
  )
  const matched: [AssignSlot, Goal][] = []
  const take = ({ group, set }: (typeof pairs)[number], most: number): number => {
    const count = Math.min(group.slots.length, set.left, most)
    for (const slot of group.slots.splice(0, count)) {
      matched.push([slot, { state: set.state, variants: set.variants }])
    }
    set.left -= count
    return count
  }
  for (const pair of pairs) if (pair.lacking === 0) take(pair, Infinity)
  // Two slots may each be the one that changes to a third thing: only one of the ways was weighed.
  for (const { key, slots: wanted } of planned) {
    let left = wanted
    for (const pair of pairs) if (pair.key === key) left -= take(pair, left)
  }
  for (const pair of pairs) take(pair, Infinity)
  return matched
}
