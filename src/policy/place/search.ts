/**
 * Integers by a recipe of linear programs and small integer ones: relax, fix what came out whole,
 * solve the rest, then free a few at a time and keep what is better. Bounded by counts.
 *
 * @module
 */
import { type Counted, type Range, type Solved, solveModel } from './lp.ts'
import { type Model, objectiveOf } from './model.ts'
import type { Effort } from './problem.ts'

export interface Found {
  /** Null where no answer was found; with `bound` -Infinity there is none. */
  values: number[] | null
  objective: number
  bound: number
}

export interface SearchOptions {
  effort: Effort
  /** Ends when bound and objective differ by no more. */
  within: number
  counted: Counted
  /** Updates counted at which the step that this search belongs to has to end. */
  until: number
  /** Values to start from, if they hold. */
  start?: readonly number[]
}

const WHOLE = 1e-6
/** So many neighbourhoods in a row without anything better end the search. */
const STALE = 16

/** A sequence of numbers in 0..1 that is the same on every run. */
function sequence(): () => number {
  let state = 12345
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

export function search(model: Model, options: SearchOptions): Found {
  const { effort, within, counted, until } = options
  const integers = [...model.columns.keys()].filter((i) => model.columns[i]!.integer)
  const relaxed = solveModel(model, counted, { relaxed: true })
  if (relaxed.status === 'infeasible') {
    return { values: null, objective: -Infinity, bound: -Infinity }
  }
  const failed = relaxed.status === 'failed'
  const bound = failed ? Infinity : relaxed.objective
  let best: number[] | null = null
  let objective = -Infinity
  const offer = (values: number[], value: number) => {
    if (value <= objective + 1e-9) return false
    best = values
    objective = value
    return true
  }
  // Half of what is left: a search that ends in vain leaves something for the next.
  const most = counted.updates + Math.max(0, until - counted.updates) / 2
  const spent = () => counted.updates > most
  const done = () => bound - objective <= within || spent()
  if (options.start !== undefined) offer([...options.start], objectiveOf(model, options.start))
  if (!failed) {
    const fractional = integers.filter((i) => !isWhole(relaxed.values[i]!))
    if (fractional.length === 0) {
      return { values: relaxed.values, objective: relaxed.objective, bound }
    }
    if (!done()) round(relaxed.values)
    if (!done()) dive(relaxed.values, false)
    if (!done()) dive(relaxed.values, true)
  }
  improve()
  return { values: best, objective, bound }

  function solveWith(ranges: Map<number, Range>): Solved['status'] {
    const { branches, updates } = effort
    const { values, objective: value, status } = solveModel(model, counted, {
      ...{ ranges, branches, updates: updates / 20 },
    })
    if (status === 'optimal' || status === 'feasible') offer(values, value)
    return status
  }

  /** All down, all up, and what is whole fixed with the rest free: either may find what the other misses. */
  function round(values: readonly number[]): void {
    const down = new Map(integers.map((i) => [i, fixed(Math.floor(values[i]! + WHOLE))]))
    solveWith(down)
    solveWith(new Map(integers.map((i) => [i, fixed(Math.ceil(values[i]! - WHOLE))])))
    const order = integers.filter((i) => !isWhole(values[i]!))
      .sort((a, b) => awayFromWhole(values[b]!) - awayFromWhole(values[a]!) || a - b)
    const free = new Set(order.slice(0, effort.freeIntegers))
    solveWith(
      new Map(integers.map((i) => {
        const low = Math.floor(values[i]! + WHOLE)
        return [i, free.has(i) ? { lower: low, upper: low + 1 } : fixed(low)]
      })),
    )
  }

  /**
   * Bounds one integer after another, solving again each time, until all are whole. Nearest first is
   * quick and good where there are many slots; up first is what finds an answer where few slots have
   * to do many things, and each thing's share of a slot is small.
   */
  function dive(values: readonly number[], up: boolean): void {
    const ranges = new Map<number, Range>()
    const key = (value: number) => up ? value - Math.floor(value) : -awayFromWhole(value)
    let at = values
    for (let turn = 0; turn < 2 * integers.length && !spent(); turn++) {
      const open = integers.filter((i) => !isWhole(at[i]!))
      if (open.length === 0) return void offer([...at], objectiveOf(model, at))
      const next = open.reduce((a, b) => key(at[b]!) > key(at[a]!) ? b : a)
      const [low, high] = [Math.floor(at[next]!), Math.ceil(at[next]!)]
      const known = ranges.get(next)
      const sides = up
        ? [{ lower: high, upper: known?.upper ?? Infinity }, {
          lower: known?.lower ?? 0,
          upper: low,
        }]
        : [low, high].sort((a, b) => Math.abs(a - at[next]!) - Math.abs(b - at[next]!)).map(fixed)
      let better: { side: Range; solved: Solved } | undefined
      for (const side of sides) {
        const tried = new Map([...ranges, [next, side]])
        const solved = solveModel(model, counted, { ranges: tried, relaxed: true })
        if (solved.status !== 'optimal') continue
        if (better === undefined || solved.objective > better.solved.objective + 1e-9) {
          better = { side, solved }
        }
        // Upwards both sides are weighed: a slot for one thing may leave none for another.
        if (!up) break
      }
      if (better === undefined) return
      ranges.set(next, better.side)
      at = better.solved.values
    }
  }

  /** Large-neighbourhood search around the best so far; larger as long as it comes to an end. */
  function improve(): void {
    const next = sequence()
    let size = Math.min(12, effort.freeIntegers)
    for (let turn = 0, stale = 0; turn < effort.rounds && stale < STALE && !done(); turn++) {
      const before = objective
      const at = best ?? (failed ? [] : relaxed.values.map((value) => Math.floor(value + WHOLE)))
      const order = integers
        .map((i) => {
          const used = (at[i] ?? 0) > 0.5
          const likely = !failed && relaxed.values[i]! > WHOLE
          return { i, key: next() + (used ? 0.6 : 0) + (likely ? 0.3 : 0) }
        })
        .sort((a, b) => b.key - a.key || a.i - b.i)
      const free = new Set(order.slice(0, size).map(({ i }) => i))
      const status = solveWith(
        new Map(integers.map((i) => {
          const value = Math.round(at[i] ?? 0)
          return [i, free.has(i) ? { lower: 0, upper: Infinity } : fixed(value)]
        })),
      )
      const ended = status === 'optimal' || status === 'infeasible'
      // Nothing was fixed: there is no more to find.
      if (ended && free.size === integers.length) return
      stale = objective > before ? 0 : stale + 1
      size = ended ? Math.min(size + 2, effort.freeIntegers) : Math.max(6, size - 2)
    }
  }
}

const fixed = (value: number): Range => ({ lower: value, upper: value })
const awayFromWhole = (value: number) => Math.abs(value - Math.round(value))
const isWhole = (value: number) => awayFromWhole(value) <= WHOLE
