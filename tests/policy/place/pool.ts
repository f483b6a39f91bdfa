/**
 * A pool whose slots carry out the moves of an assignment, one step at a time.
 *
 * @module
 */
import { match, type Matching, type MatchSlot } from '../../../src/policy/place/matching.ts'
import type { Placement } from '../../../src/policy/place/problem.ts'
import type { Holding } from '../../../src/policy/place/problem.ts'
import type { VariantRef } from '../../../src/policy/core/types.ts'

export const keyOf = ({ pipeline, task, variant }: VariantRef) => `${pipeline}/${task}/${variant}`

export interface TestSlot extends MatchSlot {
  id: string
}

export const emptySlots = (placement: Placement, perNode = 1): TestSlot[] =>
  placement.classes.flatMap(({ class: name, awake, standby, resting }) =>
    Array.from({ length: awake + standby + resting }, (_, i) => ({
      ...{ id: `${name}-${i}`, node: `${name}-node${Math.floor(i / perNode)}`, class: name },
      held: [],
    }))
  )

export interface Step {
  slots: TestSlot[]
  assignment: Matching<TestSlot>
}

/** Slots that do not hold their target yet. */
export const lacking = ({ assignment: { targets } }: Step): TestSlot[] =>
  [...targets].filter(([{ held }, target]) => {
    const has = new Set(held.map(keyOf))
    return target.some((variant) => !has.has(keyOf(variant)))
  }).map(([slot]) => slot)

/**
 * Matches and carries out moves until none is left: loads that were started end before the next
 * matching, all but the first of them one matching later. Returns every step.
 */
export function carryOut(
  placement: Placement,
  start: readonly TestSlot[],
  maxMoves: number,
  mostSteps = 200,
): Step[] {
  let slots = start.map((slot) => ({ ...slot, loading: slot.loading ?? [] }))
  const steps: Step[] = []
  while (steps.length < mostSteps) {
    const assignment = match<TestSlot>(placement, slots, { maxMoves })
    steps.push({ slots, assignment })
    if (assignment.moves.length === 0 && slots.every(({ loading }) => loading.length === 0)) break
    const moves = new Map(assignment.moves.map((move) => [move.slot, move]))
    let ended = false
    slots = slots.map((slot) => {
      const move = moves.get(slot)
      const gone = new Set((move?.unload ?? []).map(keyOf))
      const held = slot.held.filter((variant) => !gone.has(keyOf(variant)))
      const isLoaded = slot.loading.length > 0 && !ended
      ended ||= isLoaded
      const now = isLoaded ? [...held, ...slot.loading] : held
      const loading = isLoaded ? [] : [...slot.loading, ...move?.load ?? []]
      return { ...slot, awake: now.length > 0, held: now, loading }
    })
  }
  return steps
}

export function holdingOf(slots: readonly MatchSlot[]): Holding[] {
  return [...new Set(slots.map((slot) => slot.class))].map((name) => ({
    class: name,
    sets: slots.filter((slot) => slot.class === name && slot.held.length > 0)
      .map(({ held }) => ({ variants: held, slots: 1 })),
  }))
}
