/**
 * Plans: from a goal to sets of variants that were checked to carry what is claimed.
 *
 * @module
 */
import type { Compiled, Kind } from './compile.ts'
import type { Flows } from './flows.ts'
import { boundOf, solveModel } from './lp.ts'
import { objectiveOf } from './model.ts'
import { isUnpacked, packed, withCandidates } from './packing.ts'
import { place } from './params.ts'
import { build, type Goal, type Program, scaleOf } from './program.ts'
import { search, type SearchOptions } from './search.ts'
import { slotsIn } from './sets.ts'

/** Sets with the flows that they were checked to carry. */
export interface Checked {
  kinds: Kind[]
  program: Program
  values: number[]
  /** Share of each pipeline's demand, and its mean accuracy. */
  served: number[]
  accuracy: number[]
  /** Of serving the demand; higher is better. */
  score: number
  slots: number
}

const isAll = (shares: readonly number[]) => shares.every((share) => share >= 1 - 1e-5)

export const allServed = ({ served }: Checked): boolean => isAll(served)

function servedBy({ compiled, flows, flowColumns }: Program, values: readonly number[]): number[] {
  const served = compiled.demands.map(() => 0)
  flows.flows.forEach(({ demand, from }, f) => {
    if (from < 0) served[demand]! += values[flowColumns[f]!]!
  })
  return served
}

/** What given sets of variants carry; null where the program has no answer. */
export function check(
  compiled: Compiled,
  flows: Flows,
  goal: Goal,
  kinds: Kind[],
): Checked | null {
  const { effort } = compiled
  const program = build({ compiled, flows, kinds, goal })
  const { model, flowColumns } = program
  const isOpen = model.columns.some(({ integer, lower, upper }) => integer && lower < upper)
  // However much was spent: a plan that is not checked is lost.
  const options = { rounds: place.rounds / 4, within: place.gap * scaleOf(goal), until: Infinity }
  const { values } = isOpen ? search(model, effort, options) : solveModel(model, effort)
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

export interface Plan {
  best: Checked | null
  /** Of the goal's own objective: serving the demand itself comes to no more. */
  bound: number
}

/** @param kinds what may be held, and how many slots of it at most */
export function planFor(
  compiled: Compiled,
  flows: Flows,
  goal: Goal,
  kinds: readonly Kind[],
): Plan {
  const { effort } = compiled
  const program = build({ compiled, flows, kinds, goal })
  const relaxed = solveModel(program.model, effort, { relaxed: true })
  if (relaxed.status === 'infeasible') return { best: null, bound: -Infinity }
  const plain = goal.name === 'accuracy'
    ? solveModel(build({ ...program, plain: true }).model, effort, { relaxed: true })
    : relaxed
  const isHopeless = goal.name === 'accuracy' && relaxed.status === 'optimal' &&
    !isAll(servedBy(program, relaxed.values))
  return {
    best: isHopeless ? null : new Planning(goal, boundOf(relaxed), compiled).run(program),
    bound: boundOf(plain),
  }
}

/** Makes plans of a goal and checks them, and keeps the best. */
class Planning {
  #goal: Goal
  #bound: number
  #options: SearchOptions
  #best: Checked | null = null

  /** @param bound what nothing can be better than, by the relaxed program */
  constructor(goal: Goal, bound: number, { effort: { updates } }: Compiled) {
    this.#goal = goal
    this.#bound = bound
    this.#options = {
      within: place.gap * scaleOf(goal),
      // Half of what is left, so that the next step has as much.
      until: (updates + Math.max(updates, place.updates)) / 2,
    }
  }

  /** What falls short when it is checked is planned again, for more demand than there is. */
  run(first: Program): Checked | null {
    let inflate = 1
    for (let round = 0; round < place.replans; round++) {
      const served = this.#round(build({ ...first, inflate }))
      if (served === null || this.#best === null || this.#isComplete(this.#best)) break
      inflate *= place.replanStep / Math.max(served, 0.85)
    }
    return this.#best
  }

  /** The share that the pipeline that is served least has; null where there is no answer. */
  #round(program: Program): number | null {
    const { effort } = program.compiled
    const { values } = search(program.model, effort, this.#options)
    if (values === null) return null
    const sets = packed(program, values)
    const served = this.#try(program, sets)
    if (this.#isDone() || !program.kinds.some(isUnpacked)) return served
    // Packing lost something: slots are counted for sets instead.
    const again = build({ ...program, kinds: withCandidates(program, values, sets) })
    const counting = search(again.model, effort, this.#options).values
    return counting === null ? served : this.#try(program, packed(again, counting))
  }

  #try({ compiled, flows }: Program, sets: Kind[]): number {
    const checked = check(compiled, flows, this.#goal, sets)
    if (checked === null) return 0
    if (this.#isBetter(checked)) this.#best = checked
    return Math.min(...checked.served)
  }

  #isComplete = (one: Checked) => this.#goal.name === 'saturated' || allServed(one)

  #isBetter(one: Checked): boolean {
    const best = this.#best
    if (best === null || this.#isComplete(one) !== this.#isComplete(best)) {
      return best === null || this.#isComplete(one)
    }
    return one.score > best.score
  }

  #isDone(): boolean {
    const best = this.#best
    return best !== null && this.#isComplete(best) &&
      this.#bound - best.score <= this.#options.within
  }
}
