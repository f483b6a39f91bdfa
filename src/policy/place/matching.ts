/**
 * Matching: assigns a placement, which counts slots by class, to the actual slots. It decides which slot
 * should hold which variants, with few moves, a few at a time in the order of the migration schedule, and
 * never leaves a needed variant without a holder.
 *
 * It is called again after each change (a load ended, a slot left), and keeps no state.
 *
 * @module
 */
import type { NodeId, VariantRef } from '../core/types.ts'
import type { Placement, SlotSet } from './problem.ts'

export interface MatchSlot {
  node: NodeId
  class: string
  /** Variants loaded and warm. */
  held: VariantRef[]
  /** Variants being loaded; a loading slot counts as a move under way. */
  loading?: VariantRef[]
  /** Whether it takes batches now; such slots are matched first. */
  awake?: boolean
  /** Whether there is no room for the new variant beside the old: the old one is unloaded first. */
  tight?: boolean
}

interface Target {
  state: 'awake' | 'standby' | 'resting'
  variants: VariantRef[]
  /** Position of the slot's move in the schedule; Infinity if the schedule does not include it. */
  turn: number
}

export interface Move<S> {
  slot: S
  load: VariantRef[]
  unload: VariantRef[]
}

export interface Matching<S> {
  /** Variants each slot should hold in the end. Empty for a resting slot, which may keep what it holds. */
  targets: Map<S, VariantRef[]>
  /** Moves to start now. Moves with loads and the loads under way are `maxMoves` together at most. */
  moves: Move<S>[]
}

export function match<S extends MatchSlot>(
  placement: Placement,
  slots: readonly S[],
  { maxMoves }: { maxMoves: number },
): Matching<S> {
  const targets = targetsOf(placement, slots)
  return {
    targets: new Map([...targets].map(([slot, { variants }]) => [slot, variants])),
    moves: movesOf(placement, slots, targets, maxMoves),
  }
}

const refKey = ({ pipeline, task, variant }: VariantRef): string =>
  `${pipeline}\n${task}\n${variant}`

/** Key of a set of variants, whatever their order. */
const setKey = (keys: Iterable<string>) => [...keys].sort().join('\t')

/** Key of a move from one set to another. */
const moveKey = (from: Iterable<string>, to: Iterable<string>) => `${setKey(from)}\r${setKey(to)}`

function targetsOf<S extends MatchSlot>(
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
    // Awake sets choose first: a slot that is warm for one is worth more there.
    for (const state of ['awake', 'standby'] as const) {
      const free = own.filter((slot) => targets.get(slot)!.state === 'resting')
      const matched = matchedTo(free, state === 'awake' ? sets : standbySets, schedule)
      for (const [slot, variants] of matched) targets.set(slot, { state, variants, turn: Infinity })
    }
  }
  setTurns(placement, targets)
  return targets
}

/** Slots with equal holdings are interchangeable: groups of them are compared with sets. */
interface Group<S> {
  slots: S[]
  held: Set<string>
  awake: boolean
}

function groupsOf<S extends MatchSlot>(slots: readonly S[]): Group<S>[] {
  const warmOnNode = new Map<string, number>()
  const groups = new Map<string, Group<S>>()
  for (const slot of slots) {
    // Loading variants count as held: a change of plan would be one more move.
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
    // Slots of one node are kept together, so that other nodes can rest.
    slots.sort((a, b) => warm(b) - warm(a) || (a.node < b.node ? -1 : a.node > b.node ? 1 : 0))
  }
  return [...groups.values()]
}

function matchedTo<S extends MatchSlot>(
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
  // Either of two slots may change to a third set, but the schedule weighed only one way. The last moves
  // come first: the first moves of the schedule may be done already.
  for (const { key, slots } of schedule.toReversed()) {
    let left = slots
    for (const pair of pairs) if (pair.key === key) left -= take(pair, left)
  }
  for (const pair of pairs) take(pair)
  return matched
}

/**
 * Sets turns by the schedule. A schedule may move one slot out of a set, then three others, and only then
 * more from that set: slots that make the same move get as many turns as the schedule still has for them.
 */
function setTurns<S extends MatchSlot>(
  { first }: Placement,
  targets: ReadonlyMap<S, Target>,
): void {
  if (first.length === 0) return
  /** By set: slots that hold it, are loading for it, or got a turn here. */
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

function movesOf<S extends MatchSlot>(
  placement: Placement,
  slots: readonly S[],
  targets: ReadonlyMap<S, Target>,
  maxMoves: number,
): Move<S>[] {
  const holders = new Holders(placement, slots)
  const isBusy = ({ loading = [] }: S) => loading.length > 0
  const busy = slots.filter(isBusy)
  // The surplus of loading slots is unloaded as soon as they have loaded.
  for (const slot of busy) holders.lose(surplus(slot, targets.get(slot)!))
  const moves: Move<S>[] = []
  /** The first move that is blocked only by being the last holder of a task. */
  let stuck: Move<S> | undefined
  let room = maxMoves - busy.length
  for (const slot of inOrder(slots.filter((slot) => !isBusy(slot)), targets)) {
    const target = targets.get(slot)!
    const load = lacking(slot, target)
    const unload = surplus(slot, target)
    if (load.length === 0) {
      // All wanted variants are loaded: the surplus can be unloaded.
      const free = unload.filter((variant) => holders.canLose([variant]) && holders.lose([variant]))
      if (free.length > 0) moves.push({ slot, load, unload: free })
      continue
    }
    const tight = slot.tight === true
    const isLast = unload.length > 0 &&
      !(tight ? holders.canLose(unload) : holders.canSwap(unload, load))
    if (room <= 0) continue
    if (isLast) {
      if (!tight) stuck ??= { slot, load, unload: [] }
      continue
    }
    room--
    holders.lose(unload)
    moves.push({ slot, load, unload: tight ? unload : [] })
  }
  // All moves wait for each other: a moment without a variant is better than the old plan for ever.
  return stuck !== undefined && moves.length === 0 && busy.length === 0 ? [stuck] : moves
}

/** Slots that do not rest: awake ones first, then by schedule, then by number of loads. */
function inOrder<S extends MatchSlot>(slots: readonly S[], targets: ReadonlyMap<S, Target>): S[] {
  const of = (slot: S) => targets.get(slot)!
  return slots.filter((slot) => of(slot).state !== 'resting').sort((a, b) =>
    Number(of(a).state === 'standby') - Number(of(b).state === 'standby') ||
    compare(of(a).turn, of(b).turn) ||
    lacking(a, of(a)).length - lacking(b, of(b)).length
  )
}

/** Compares numbers; Infinity equals Infinity. */
const compare = (a: number, b: number) => a === b ? 0 : a - b

function lacking({ held }: MatchSlot, { variants }: Target): VariantRef[] {
  const has = new Set(held.map(refKey))
  return variants.filter((variant) => !has.has(refKey(variant)))
}

function surplus({ held }: MatchSlot, { variants }: Target): VariantRef[] {
  const wanted = new Set(variants.map(refKey))
  return held.filter((variant) => !wanted.has(refKey(variant)))
}

const taskKey = ({ pipeline, task }: VariantRef) => `${pipeline}\n${task}`

/** Number of slots that hold each variant and task, as moves remove them. Resting slots can be woken. */
class Holders {
  #needed: Set<string>
  #counts = new Map<string, number>()

  constructor({ classes }: Placement, slots: readonly MatchSlot[]) {
    const sets = classes.flatMap(({ sets }) => sets)
    this.#needed = new Set(sets.flatMap(({ variants }) => variants.map(refKey)))
    for (const { held } of slots) this.#add(held, 1)
  }

  #add(variants: readonly VariantRef[], by: number): void {
    for (const key of [...variants.map(refKey), ...variants.map(taskKey)]) {
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + by)
    }
  }

  #isLeft(lost: readonly string[]): boolean {
    const by = Map.groupBy(lost, (key) => key)
    return [...by].every(([key, { length }]) => (this.#counts.get(key) ?? 0) > length)
  }

  /** Whether every needed variant, and every task, keeps a holder without these variants. */
  canLose(variants: readonly VariantRef[]): boolean {
    const needed = variants.map(refKey).filter((key) => this.#needed.has(key))
    return this.#isLeft([...variants.map(taskKey), ...needed])
  }

  /** Whether every task keeps a holder if `variants` are replaced by `loaded`. */
  canSwap(variants: readonly VariantRef[], loaded: readonly VariantRef[]): boolean {
    const kept = new Set(loaded.map(taskKey))
    return this.#isLeft(variants.map(taskKey).filter((key) => !kept.has(key)))
  }

  lose(variants: readonly VariantRef[]): true {
    this.#add(variants, -1)
    return true
  }
}
