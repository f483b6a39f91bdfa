/**
 * From a placement, which counts slots of classes, to the slots that there are: which of them shall
 * hold what, with few moves, a few at a time, and no moment without a holder of what is needed.
 *
 * Called again whenever something changed (a load ended, a slot left); it keeps nothing in between.
 *
 * @module
 */
import type { NodeId, VariantRef } from '../types.ts'
import type { Placement } from './placement.ts'
import { type AssignSlot, type Goal, keyOf, match, missing, type SlotState } from './match.ts'
import { turnsOf } from './move_turns.ts'

export type { AssignSlot, SlotState }

export interface AssignedSlot {
  id: string
  node: NodeId
  /** What it shall hold in the end. Empty where it rests: what it holds may stay there, unused. */
  target: VariantRef[]
  state: SlotState
}

export interface Move {
  id: string
  node: NodeId
  load: VariantRef[]
  unload: VariantRef[]
}

export interface Assignment {
  slots: AssignedSlot[]
  /** To start now. Loads of other slots than those under way: at most `maxMoves` with them. */
  moves: Move[]
  /** Slots that still lack something and have to wait for their turn. */
  waiting: number
  /** Of these, slots that are the last to hold what is needed. */
  blocked: number
  /** A node is as awake as its most awake slot. */
  nodes: { [state in SlotState]: NodeId[] }
}

export function assign(
  placement: Placement,
  slots: readonly AssignSlot[],
  { maxMoves }: { maxMoves: number },
): Assignment {
  const goals = match(placement, slots)
  const { moves, waiting, blocked } = movesOf(placement, slots, goals, maxMoves)
  const lacks = (slot: AssignSlot) => missing(slot, goals.get(slot)!).length > 0
  const inPlace = !slots.some((slot) => goals.get(slot)!.state === 'awake' && lacks(slot))
  const assigned = slots.map((slot): AssignedSlot => {
    const { state, variants } = goals.get(slot)!
    // Until the new plan is in place the old one's slots carry on.
    const lingers = !inPlace && slot.awake === true && slot.held.length > 0
    return {
      ...{ id: slot.id, node: slot.node, target: variants },
      state: lingers ? 'awake' : state,
    }
  })
  return { slots: assigned, moves, waiting, blocked, nodes: nodesOf(assigned) }
}

function surplus({ held }: AssignSlot, { variants }: Goal): VariantRef[] {
  const wanted = new Set(variants.map(keyOf))
  return held.filter((variant) => !wanted.has(keyOf(variant)))
}

const taskKey = ({ pipeline, task }: VariantRef) => `${pipeline}\n${task}`

/** Who holds what, as moves take it away. A resting slot's variants count: it can be woken. */
function createHolders(placement: Placement, slots: readonly AssignSlot[]) {
  const needed = new Set(
    placement.classes.flatMap(({ sets }) => sets.flatMap(({ variants }) => variants.map(keyOf))),
  )
  const counts = new Map<string, number>()
  const add = (variants: readonly VariantRef[], n: number) => {
    for (const variant of variants) {
      for (const key of [keyOf(variant), taskKey(variant)]) {
        counts.set(key, (counts.get(key) ?? 0) + n)
      }
    }
  }
  for (const { held } of slots) add(held, 1)
  const isLeft = (lost: ReadonlyMap<string, number>) =>
    [...lost].every(([key, n]) => (counts.get(key) ?? 0) > n)
  const byTask = (variants: readonly VariantRef[]) => {
    const lost = new Map<string, number>()
    for (const key of variants.map(taskKey)) lost.set(key, (lost.get(key) ?? 0) + 1)
    return lost
  }
  return {
    /** Whether every needed variant, and every task, keeps a holder without these. */
    canLose(variants: readonly VariantRef[]): boolean {
      const lost = byTask(variants)
      for (const key of variants.map(keyOf)) if (needed.has(key)) lost.set(key, 1)
      return isLeft(lost)
    },
    /** Whether every task does without these once those are there. */
    canSwap(variants: readonly VariantRef[], loaded: readonly VariantRef[]): boolean {
      const lost = byTask(variants)
      for (const key of loaded.map(taskKey)) lost.delete(key)
      return isLeft(lost)
    },
    lose: (variants: readonly VariantRef[]) => add(variants, -1),
  }
}

function movesOf(
  placement: Placement,
  slots: readonly AssignSlot[],
  goals: ReadonlyMap<AssignSlot, Goal>,
  maxMoves: number,
) {
  const holders = createHolders(placement, slots)
  const busy = slots.filter(({ loading = [] }) => loading.length > 0)
  // What these still hold goes as soon as they have loaded.
  for (const slot of busy) holders.lose(surplus(slot, goals.get(slot)!))
  const moves: Move[] = []
  /** The first that nothing but its task's last holder keeps from starting. */
  let held: Move | undefined
  let room = maxMoves - busy.length
  let [waiting, blocked] = [0, 0]
  const states = { awake: 0, standby: 1, resting: 2 }
  const turns = turnsOf(placement, slots, goals)
  const order = slots.filter((slot) => !busy.includes(slot))
    .map((slot) => {
      const load = missing(slot, goals.get(slot)!)
      const cached = new Set((slot.cached ?? []).map(keyOf))
      return {
        slot,
        load,
        turn: turns.get(slot) ?? Infinity,
        strange: load.filter((variant) => !cached.has(keyOf(variant))).length,
      }
    })
    // What is needed first; among these what is soonest there.
    .sort((a, b) =>
      states[goals.get(a.slot)!.state] - states[goals.get(b.slot)!.state] ||
      (a.turn === b.turn ? 0 : a.turn - b.turn) || a.strange - b.strange ||
      a.load.length - b.load.length
    )
  for (const { slot, load } of order) {
    const { id, node } = slot
    const goal = goals.get(slot)!
    if (goal.state === 'resting') continue
    const unload = surplus(slot, goal)
    if (load.length === 0) {
      // All is there that shall be: what was kept beside it can go.
      const free = unload.filter((variant) => {
        if (!holders.canLose([variant])) return false
        holders.lose([variant])
        return true
      })
      if (free.length > 0) moves.push({ id, node, load: [], unload: free })
      continue
    }
    const tight = slot.tight === true
    const lost = unload.length > 0 &&
      !(tight ? holders.canLose(unload) : holders.canSwap(unload, load))
    if (room <= 0 || lost) {
      waiting++
      if (lost) blocked++
      if (lost && room > 0 && !tight) held ??= { id, node, load, unload: [] }
      continue
    }
    room--
    holders.lose(unload)
    moves.push({ id, node, load, unload: tight ? unload : [] })
  }
  // Each waits for another: a moment without one of them is better than the old plan for ever.
  if (held !== undefined && moves.length === 0 && busy.length === 0) {
    return { moves: [held], waiting: waiting - 1, blocked: blocked - 1 }
  }
  return { moves, waiting, blocked }
}

function nodesOf(slots: readonly AssignedSlot[]): Assignment['nodes'] {
  const states = new Map<NodeId, SlotState>()
  for (const { node, state } of slots) {
    const known = states.get(node) ?? 'resting'
    const awake = state === 'awake' || known === 'awake'
    states.set(node, awake ? 'awake' : state === 'standby' ? 'standby' : known)
  }
  const inState = (wanted: SlotState) =>
    [...states].filter(([, state]) => state === wanted).map(([node]) => node)
  return { awake: inState('awake'), standby: inState('standby'), resting: inState('resting') }
}
