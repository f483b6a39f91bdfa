/**
 * Matching the sets of a placement to slots: those that hold a set already take it first, then those
 * that the migration schedule has change to it, then those that lack least.
 *
 * @module
 */
import type { NodeId, VariantRef } from '../core/types.ts'
import type { Placement, SlotSet } from './problem.ts'

export interface AssignSlot {
  node: NodeId
  class: string
  /** Loaded and warm. */
  held: VariantRef[]
  /** On their way; they count as moves under way. */
  loading?: VariantRef[]
  /** Takes batches now; such slots are matched first. */
  awake?: boolean
  /** The slot has no room for the new beside the old: the old goes first. */
  tight?: boolean
}

export interface Target {
  state: 'awake' | 'standby' | 'resting'
  variants: VariantRef[]
  /** Position of the slot's move in the schedule; Infinity where that says nothing of it. */
  turn: number
}

export const refKey = ({ pipeline, task, variant }: VariantRef): string =>
  `${pipeline}\n${task}\n${variant}`

/** The same in whatever order the variants are named. */
const setKey = (keys: Iterable<string>) => [...keys].sort().join('\t')

/** The same for all slots that hold the one and shall hold the other. */
const moveKey = (from: Iterable<string>, to: Iterable<string>) => `${setKey(from)}\r${setKey(to)}`

export function match<S extends AssignSlot>(
  placement: Placement,
  slots: readonly S[],
): Map<S, Target> {
  const targets = new Map<S, Target>(
    slots.map((slot) => [slot, { state: 'resting', variants: [], turn: Infinity }]),
  )
  for (const { class: name, sets, standbySets } of placement.classes) {
    const own = slots.filter((slot) => slot.class === name)
    const schedule = placement.first.filter((move) => move.class === name)
      .map(({ from, to, slots }) => ({ key: moveKey(from.map(refKey), to.map(refKey)), slots }))
    // Awake sets choose first: a slot that is warm for them is worth more there.
    for (const state of ['awake', 'standby'] as const) {
      const free = own.filter((slot) => targets.get(slot)!.state === 'resting')
      const matched = matchedTo(free, state === 'awake' ? sets : standbySets, schedule)
      for (const [slot, variants] of matched) targets.set(slot, { state, variants, turn: Infinity })
    }
  }
  setTurns(placement, targets)
  return targets
}

/** Slots that hold the same are alike; only groups of them are compared with sets. */
interface Group<S> {
  slots: S[]
  held: Set<string>
  awake: boolean
}

function groupsOf<S extends AssignSlot>(slots: readonly S[]): Group<S>[] {
  const warmOnNode = new Map<string, number>()
  const groups = new Map<string, Group<S>>()
  for (const slot of slots) {
    // What is on its way counts as held: changing one's mind would be a move more.
    const held = [...slot.held, ...slot.loading ?? []].map(refKey)
    if (held.length > 0) warmOnNode.set(slot.node, (warmOnNode.get(slot.node) ?? 0) + 1)
    const awake = slot.awake === true
    const key = `${setKey(held)}\r${awake}`
    const group = groups.get(key) ?? { slots: [], held: new Set(held), awake }
    group.slots.push(slot)
    groups.set(key, group)
  }
  const warm = ({ node }: S) => warmOnNode.get(node) ?? 0
  for (const { slots } of groups.values()) {
    // Slots of one node together, so that other nodes can rest.
    slots.sort((a, b) => warm(b) - warm(a) || (a.node < b.node ? -1 : a.node > b.node ? 1 : 0))
  }
  return [...groups.values()]
}

function matchedTo<S extends AssignSlot>(
  slots: readonly S[],
  sets: readonly SlotSet[],
  schedule: readonly { key: string; slots: number }[],
): [S, VariantRef[]][] {
  const wanted = sets.map(({ variants, slots }) => (
    { variants, keys: new Set(variants.map(refKey)), left: slots }
  ))
  const pairs = groupsOf(slots).flatMap((group) =>
    wanted.map((set) => {
      const lacking = set.keys.difference(group.held).size
      const surplus = group.held.difference(set.keys).size
      const key = moveKey(group.held, set.keys)
      const at = schedule.findIndex((move) => move.key === key)
      return { group, set, key, lacking, surplus, rank: at < 0 ? schedule.length : at }
    })
  )
  pairs.sort((a, b) =>
    a.lacking - b.lacking || a.surplus - b.surplus ||
    Number(b.group.awake) - Number(a.group.awake) || a.rank - b.rank
  )
  const matched: [S, VariantRef[]][] = []
  const take = ({ group, set }: (typeof pairs)[number], most = Infinity): number => {
    const taken = group.slots.splice(0, Math.min(group.slots.length, set.left, most))
    for (const slot of taken) matched.push([slot, set.variants])
    set.left -= taken.length
    return taken.length
  }
  for (const pair of pairs) if (pair.lacking === 0) take(pair)
  // Two slots may each be the one that changes to a third thing: only one of the ways was weighed. The
  // last moves come first: those that the schedule begins with may be done.
  for (const { key, slots } of schedule.toReversed()) {
    let left = slots
    for (const pair of pairs) if (pair.key === key) left -= take(pair, left)
  }
  for (const pair of pairs) take(pair)
  return matched
}

/**
 * A schedule may have one slot leave a set, three others change, and only then more leave it: slots
 * that hold and shall hold the same are given as many turns as it has left for them, and no more.
 */
function setTurns<S extends AssignSlot>(
  { first }: Placement,
  targets: ReadonlyMap<S, Target>,
): void {
  if (first.length === 0) return
  /** Slots that hold the set, are on their way to it, or have had a turn here. */
  const has = new Map<string, number>()
  const waiting = new Map<string, Target[]>()
  for (const [{ class: name, held, loading = [] }, target] of targets) {
    const [from, to] = [held.map(refKey), target.variants.map(refKey)]
    const set = `${name}\r${setKey(to)}`
    if (loading.length > 0 || to.every((key) => from.includes(key))) {
      has.set(set, (has.get(set) ?? 0) + 1)
      continue
    }
    const key = `${name}\r${moveKey(from, to)}`
    waiting.set(key, [...waiting.get(key) ?? [], target])
  }
  first.forEach(({ class: name, from, to, slots, had }, position) => {
    const [before, after] = [from.map(refKey), to.map(refKey)]
    const set = `${name}\r${setKey(after)}`
    const alike = waiting.get(`${name}\r${moveKey(before, after)}`) ?? []
    const left = Math.min(slots, had + slots - (has.get(set) ?? 0))
    const taken = alike.splice(0, Math.max(0, left))
    for (const target of taken) target.turn = position
    has.set(set, (has.get(set) ?? 0) + taken.length)
  })
}
