/**
 * From a placement, which counts slots of classes, to the slots that there are: which of them shall
 * hold what, with few moves, a few at a time in the order of the migration schedule, and no moment
 * without a holder of what is needed.
 *
 * Called again whenever something changed (a load ended, a slot left); it keeps nothing in between.
 *
 * @module
 */
import type { VariantRef } from '../core/types.ts'
import { type AssignSlot, match, refKey, type Target } from './match.ts'
import type { Placement } from './problem.ts'

export type { AssignSlot }

export interface Move<S> {
  slot: S
  load: VariantRef[]
  unload: VariantRef[]
}

export interface Assignment<S> {
  /** What each slot shall hold in the end. Empty where it rests: what it holds may stay there, unused. */
  targets: Map<S, VariantRef[]>
  /** To start now. Loads of other slots than those under way: at most `maxMoves` with them. */
  moves: Move<S>[]
}

export function assign<S extends AssignSlot>(
  placement: Placement,
  slots: readonly S[],
  { maxMoves }: { maxMoves: number },
): Assignment<S> {
  const targets = match(placement, slots)
  return {
    targets: new Map([...targets].map(([slot, { variants }]) => [slot, variants])),
    moves: movesOf(placement, slots, targets, maxMoves),
  }
}

function movesOf<S extends AssignSlot>(
  placement: Placement,
  slots: readonly S[],
  targets: ReadonlyMap<S, Target>,
  maxMoves: number,
): Move<S>[] {
  const holders = new Holders(placement, slots)
  const isBusy = ({ loading = [] }: S) => loading.length > 0
  const busy = slots.filter(isBusy)
  // What these still hold goes as soon as they have loaded.
  for (const slot of busy) holders.lose(surplus(slot, targets.get(slot)!))
  const moves: Move<S>[] = []
  /** The first that nothing but its task's last holder keeps from starting. */
  let stuck: Move<S> | undefined
  let room = maxMoves - busy.length
  for (const slot of inOrder(slots.filter((slot) => !isBusy(slot)), targets)) {
    const target = targets.get(slot)!
    const load = lacking(slot, target)
    const unload = surplus(slot, target)
    if (load.length === 0) {
      // All is there that shall be: what was kept beside it can go.
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
  // Each waits for another: a moment without one of them is better than the old plan for ever.
  return stuck !== undefined && moves.length === 0 && busy.length === 0 ? [stuck] : moves
}

/** Awake ones first, in the order of the schedule, and those that are soonest there; none that rest. */
function inOrder<S extends AssignSlot>(slots: readonly S[], targets: ReadonlyMap<S, Target>): S[] {
  const of = (slot: S) => targets.get(slot)!
  return slots.filter((slot) => of(slot).state !== 'resting').sort((a, b) =>
    Number(of(a).state === 'standby') - Number(of(b).state === 'standby') ||
    compare(of(a).turn, of(b).turn) ||
    lacking(a, of(a)).length - lacking(b, of(b)).length
  )
}

/** Infinity is the same as itself. */
const compare = (a: number, b: number) => a === b ? 0 : a - b

function lacking({ held }: AssignSlot, { variants }: Target): VariantRef[] {
  const has = new Set(held.map(refKey))
  return variants.filter((variant) => !has.has(refKey(variant)))
}

function surplus({ held }: AssignSlot, { variants }: Target): VariantRef[] {
  const wanted = new Set(variants.map(refKey))
  return held.filter((variant) => !wanted.has(refKey(variant)))
}

const taskKey = ({ pipeline, task }: VariantRef) => `${pipeline}\n${task}`

/** How many slots hold each variant and task, as moves take them away. Resting slots can be woken. */
class Holders {
  #needed: Set<string>
  #counts = new Map<string, number>()

  constructor({ classes }: Placement, slots: readonly AssignSlot[]) {
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

  /** Whether every needed variant, and every task, keeps a holder without these. */
  canLose(variants: readonly VariantRef[]): boolean {
    const needed = variants.map(refKey).filter((key) => this.#needed.has(key))
    return this.#isLeft([...variants.map(taskKey), ...needed])
  }

  /** Whether every task does without these once those are there. */
  canSwap(variants: readonly VariantRef[], loaded: readonly VariantRef[]): boolean {
    const kept = new Set(loaded.map(taskKey))
    return this.#isLeft(variants.map(taskKey).filter((key) => !kept.has(key)))
  }

  lose(variants: readonly VariantRef[]): true {
    this.#add(variants, -1)
    return true
  }
}
