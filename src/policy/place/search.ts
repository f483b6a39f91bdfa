/**
 * Integer search by linear programs and small integer programs: relax, fix the integers that came out
 * whole, solve the rest, then free a few at a time and keep improvements. Limited by counts.
 *
 * @module
 */
import { type Range, type Solved, solveModel } from './lp.ts'
import type { Model } from './model.ts'
import { place } from './params.ts'
import type { SolveEffort } from './problem.ts'

export interface Found {
  /** Null if no answer was found; with `bound` -Infinity there is none. */
  values: number[] | null
  bound: number
}

export interface SearchOptions {
  /** The search ends when bound and objective differ by no more. */
  within: number
  /** Count of updates at which the step of this search must end. */
  until: number
  /** Most neighbourhoods to look at. */
  rounds?: number
}

export const search = (model: Model, effort: SolveEffort, options: SearchOptions): Found =>
  new Search(model, effort, options).run()

const fixed = (value: number): Range => ({ lower: value, upper: value })
const awayFromWhole = (value: number) => Math.abs(value - Math.round(value))
const isWhole = (value: number) => awayFromWhole(value) <= place.precision
const floor = (value: number) => Math.floor(value + place.precision)

class Search {
  #model: Model
  #effort: SolveEffort
  #options: SearchOptions
  #integers: number[]
  /** Count of updates at which this search ends. */
  #until = 0
  /** Values of the relaxed program; undefined if it failed. */
  #relaxed: number[] | undefined
  #bound = Infinity
  #best: number[] | null = null
  #objective = -Infinity

  constructor(model: Model, effort: SolveEffort, options: SearchOptions) {
    this.#model = model
    this.#effort = effort
    this.#options = options
    this.#integers = [...model.columns.keys()].filter((i) => model.columns[i]!.integer)
  }

  run(): Found {
    const { status, objective, values } = solveModel(this.#model, this.#effort, { relaxed: true })
    if (status === 'infeasible') return { values: null, bound: -Infinity }
    // Half of the remaining effort: a search without result leaves some for the next.
    const { updates } = this.#effort
    this.#until = updates + Math.max(0, this.#options.until - updates) / 2
    if (status !== 'failed') {
      this.#relaxed = values
      this.#bound = objective
      if (this.#integers.every((i) => isWhole(values[i]!))) return { values, bound: objective }
      if (!this.#isDone()) this.#round(values)
    }
    this.#improve()
    return { values: this.#best, bound: this.#bound }
  }

  #isSpent = () => this.#effort.updates > this.#until
  #isDone = () => this.#bound - this.#objective <= this.#options.within || this.#isSpent()

  #offer(values: number[], objective: number): void {
    if (objective <= this.#objective + 1e-9) return
    this.#best = values
    this.#objective = objective
  }

  #solveWith(rangeOf: (i: number) => Range): Solved['status'] {
    const { values, objective, status } = solveModel(this.#model, this.#effort, {
      ranges: new Map(this.#integers.map((i) => [i, rangeOf(i)])),
      branches: place.branches,
      updates: place.updates / 20,
    })
    if (status === 'optimal' || status === 'feasible') this.#offer(values, objective)
    return status
  }

  /**
   * Tries two roundings: all up, which finds an answer if few slots have to do many things; and whole
   * integers fixed, with the others free to round down or up.
   */
  #round(values: readonly number[]): void {
    this.#solveWith((i) => fixed(Math.ceil(values[i]! - place.precision)))
    const order = this.#integers.filter((i) => !isWhole(values[i]!))
      .sort((a, b) => awayFromWhole(values[b]!) - awayFromWhole(values[a]!) || a - b)
    const free = new Set(order.slice(0, place.freeIntegers))
    this.#solveWith((i) => {
      const low = floor(values[i]!)
      return free.has(i) ? { lower: low, upper: low + 1 } : fixed(low)
    })
  }

  /** Large-neighbourhood search around the best so far; a neighbourhood solved to the end grows. */
  #improve(): void {
    const next = sequence()
    const integers = this.#integers
    const { rounds = place.rounds } = this.#options
    let size = place.freeIntegers / 2
    for (let turn = 0; turn < rounds; turn++) {
      if (this.#isDone()) return
      const at = this.#best ?? this.#relaxed?.map(floor) ?? []
      const order = integers
        .map((i) => ({ i, key: next() }))
        .sort((a, b) => b.key - a.key || a.i - b.i)
      const free = new Set(order.slice(0, size).map(({ i }) => i))
      const status = this.#solveWith((i) =>
        free.has(i) ? { lower: 0, upper: Infinity } : fixed(Math.round(at[i] ?? 0))
      )
      const ended = status === 'optimal' || status === 'infeasible'
      // No integer was fixed: there is nothing more to find.
      if (ended && free.size === integers.length) return
      size = ended
        ? Math.min(size + 2, place.freeIntegers)
        : Math.max(place.freeIntegers / 4, size - 2)
    }
  }
}

/** A sequence of numbers from 0 to 1, the same on every run. */
function sequence(): () => number {
  let state = 12345
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
