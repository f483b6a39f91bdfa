/**
 * What given sets of variants carry: the flows with the most of what the goal asks for.
 *
 * @module
 */
import type { Compiled, Kind } from './compile.ts'
import type { Flows } from './flows.ts'
import { solveModel } from './lp.ts'
import { objectiveOf } from './model.ts'
import { place } from './params.ts'
import { build, scaleOf } from './allocation_program.ts'
import { search } from './search.ts'
import { slotsIn } from './sets.ts'
import type { Goal, Program } from './types.ts'

/** Sets with the flows that they were checked to carry. */
export interface Checked {
  kinds: Kind[]
  program: Program
  values: number[]
  /** Share of each pipeline's demand, and its mean accuracy. */
  served: number[]
  accuracy: number[]
  /** By the goal; higher is better. */
  score: number
  slots: number
}

const isAll = (shares: readonly number[]) => shares.every((share) => share >= 1 - place.almost)

export const allServed = ({ served }: Checked): boolean => isAll(served)

/** Whether the relaxed program serves everything: if not, no slots do. */
export const allCouldBeServed = (program: Program, values: readonly number[]): boolean =>
  isAll(servedBy(program, values))

function servedBy({ compiled, flows, flowColumns }: Program, values: readonly number[]): number[] {
  const served = compiled.demands.map(() => 0)
  flows.flows.forEach(({ demand, from }, f) => {
    if (from < 0) served[demand]! += values[flowColumns[f]!]!
  })
  return served
}

/** Null where the program has no answer. */
export function check(
  compiled: Compiled,
  flows: Flows,
  goal: Goal,
  kinds: Kind[],
): Checked | null {
  const { effort } = compiled
  const counting: Goal = goal.name === 'slots' ? { name: 'accuracy' } : goal
  const program = build({ compiled, flows, kinds, goal: counting })
  const { model, flowColumns } = program
  const isOpen = model.columns.some(({ integer, lower, upper }) => integer && lower < upper)
  const values = isOpen
    ? search(model, effort, {
      rounds: place.checkRounds,
      within: place.gap * scaleOf(goal),
      until: Math.max(effort.updates, place.updates) + place.checkUpdates,
    }).values
    : solveModel(model, effort).values
  if (values === null || values.length === 0) return null
  const served = servedBy(program, values)
  const gained = compiled.demands.map(() => 0)
  flows.flows.forEach(({ demand, gain }, f) => {
    gained[demand]! += values[flowColumns[f]!]! * gain
  })
  return {
    kinds,
    program,
    values,
    served,
    accuracy: gained.map((sum, p) => served[p]! > 0 ? sum / served[p]! : 0),
    score: objectiveOf(model, values),
    slots: slotsIn(kinds),
  }
}
