/**
 * Solves a program with yalps after removing fixed columns, and checks every answer against the program:
 * yalps silently drops a branch that runs out of pivots, and does no scaling (so coefficients are scaled
 * here).
 *
 * @module
 */
import { type Constraint, solve } from 'yalps'
import { type Model, objectiveOf, violationOf } from './model.ts'
import { place } from './params.ts'
import type { SolveEffort } from './problem.ts'

export interface Solved {
  /** `unfinished`: no answer before branches ran out; `failed`: no answer that passes the check. */
  status: 'optimal' | 'feasible' | 'infeasible' | 'unfinished' | 'failed'
  objective: number
  values: number[]
}

/** Upper bound of the objective, from a relaxed program. */
export const boundOf = ({ status, objective }: Solved): number =>
  status === 'optimal' ? objective : Infinity

export interface Range {
  lower: number
  upper: number
}

export interface SolveOptions {
  /** Narrower bounds of some columns, by position; equal bounds fix a column. */
  ranges?: ReadonlyMap<number, Range>
  /** Whether integers may take fractions. */
  relaxed?: boolean
  /** Most branches to look at; and about how many cell updates to spend on all of them. */
  branches?: number
  updates?: number
}

const nothing = (status: Solved['status']): Solved => ({ status, objective: NaN, values: [] })

/** Solves a program; adds the work done to `effort`. */
export function solveModel(
  model: Model,
  effort: SolveEffort,
  options: SolveOptions = {},
): Solved {
  const open = openOf(model, options.ranges)
  if (open === null) return nothing('infeasible')
  effort.programs++
  effort.columns = Math.max(effort.columns, open.columns.length)
  const rows = new Set(open.columns.flatMap((i) => model.columns[i]!.rows)).size
  const cells = open.columns.length * rows
  const branches = branchesOf(options, cells)
  let solved: Solved = nothing('failed')
  for (const pivots of [place.pivots, 4 * place.pivots]) {
    solved = attempt(model, open, options, { branches, pivots, isRoomy: pivots > place.pivots })
    // Yalps does not report branches: all of them if they ran out, else a third is assumed.
    const ended = solved.status === 'optimal' || solved.status === 'infeasible'
    const looked = options.relaxed === true ? 0 : ended ? branches / 3 : branches
    effort.updates += cells * (place.pivotsPerRow * rows + place.pivotsPerBranch * looked)
    if (solved.status !== 'failed') return solved
  }
  effort.rejected++
  return solved
}

/** Fewer branches if each is expensive. */
function branchesOf(
  { branches = place.branches, updates = Infinity }: SolveOptions,
  cells: number,
): number {
  const affordable = Math.floor(updates / (place.pivotsPerBranch * cells + 1))
  return Math.min(branches, Math.max(place.branches / 8, affordable))
}

/** The part of the program that stays open once some columns are fixed. */
interface Open {
  columns: number[]
  /** Value of each fixed column, and lower bound of each open one. */
  base: Float64Array
  upper: Float64Array
  min: Float64Array
  max: Float64Array
}

function openOf(model: Model, ranges: ReadonlyMap<number, Range> | undefined): Open | null {
  const count = model.columns.length
  const base = new Float64Array(count)
  const upper = new Float64Array(count)
  const min = Float64Array.from(model.rows, (row) => row.min)
  const max = Float64Array.from(model.rows, (row) => row.max)
  for (let i = 0; i < count; i++) {
    const column = model.columns[i]!
    const range = ranges?.get(i)
    base[i] = Math.max(column.lower, range?.lower ?? 0)
    upper[i] = Math.min(column.upper, range?.upper ?? Infinity) - base[i]!
    if (upper[i]! < 0) return null
    if (base[i] === 0) continue
    column.rows.forEach((row, j) => {
      min[row]! -= column.coefficients[j]! * base[i]!
      max[row]! -= column.coefficients[j]! * base[i]!
    })
  }
  dropImpossible(model, upper, min, max)
  const columns = [...upper.keys()].filter((i) => upper[i]! > 0)
  return { columns, base, upper, min, max }
}

/** Fixes columns at 0 that a row without supply keeps there: most columns, once integers are fixed. */
function dropImpossible(
  model: Model,
  upper: Float64Array,
  min: Float64Array,
  max: Float64Array,
): void {
  for (let changed = true; changed;) {
    changed = false
    const canFall = new Uint8Array(model.rows.length)
    const canRise = new Uint8Array(model.rows.length)
    model.columns.forEach(({ rows, coefficients }, i) => {
      if (upper[i]! <= 0) return
      rows.forEach((row, j) => (coefficients[j]! < 0 ? canFall : canRise)[row] = 1)
    })
    model.columns.forEach(({ rows, coefficients }, i) => {
      if (upper[i]! <= 0) return
      const isHeld = rows.some((row, j) =>
        coefficients[j]! > 0
          ? max[row]! <= 0 && max[row]! > -1e-12 && canFall[row] === 0
          : min[row]! >= 0 && min[row]! < 1e-12 && canRise[row] === 0
      )
      if (!isHeld) return
      upper[i] = 0
      changed = true
    })
  }
}

function attempt(
  model: Model,
  open: Open,
  { relaxed = false }: SolveOptions,
  { branches, pivots, isRoomy }: { branches: number; pivots: number; isRoomy: boolean },
): Solved {
  const integers = new Set(open.columns.filter((i) => !relaxed && model.columns[i]!.integer))
  const scales = new Map(open.columns.map((i) => [i, integers.has(i) ? 1 : scaleOf(model, i)]))
  const constraints = constraintsOf(model, open, scales, isRoomy)
  if (constraints === null) return nothing('infeasible')
  const values = Array.from(open.base)
  const finish = (status: Solved['status']): Solved =>
    violationOf(model, values, relaxed) > place.precision
      ? nothing('failed')
      : { status, objective: objectiveOf(model, values), values }
  if (open.columns.length === 0) return finish('optimal')
  const solution = solve({
    direction: 'maximize',
    objective: 'objective',
    constraints,
    variables: open.columns.map((i) => [i, termsOf(model, open, i, scales.get(i)!)]),
    integers,
  }, {
    maxPivots: 200 + pivots * constraints.size,
    maxIterations: branches,
  })
  if (solution.status === 'infeasible') return nothing('infeasible')
  if (solution.status !== 'optimal' && solution.status !== 'timedout') return nothing('failed')
  if (Number.isNaN(solution.result)) return nothing('unfinished')
  for (const [i, value] of solution.variables) {
    const added = value * scales.get(i)!
    values[i]! += integers.has(i) ? Math.round(added) : added
  }
  return finish(solution.status === 'optimal' ? 'optimal' : 'feasible')
}

/** Unit of a column: it brings values and coefficients near 1, as yalps' precision requires. */
function scaleOf({ columns }: Model, i: number): number {
  let largest = 0
  for (const one of columns[i]!.coefficients) largest = Math.max(largest, Math.abs(one))
  return largest === 0 ? 1 : 1 / largest
}

function termsOf({ columns }: Model, { upper }: Open, i: number, scale: number) {
  const { objective, rows, coefficients } = columns[i]!
  const terms: [string | number, number][] = [['objective', objective * scale]]
  rows.forEach((row, j) => terms.push([row, coefficients[j]! * scale]))
  if (Number.isFinite(upper[i]!)) terms.push([`upper ${i}`, 1])
  return terms
}

/**
 * Rows for yalps; null if a row cannot hold. Most rows bound work by supply, so many bounds are 0 and yalps
 * may cycle; a little slack (`isRoomy`), different for each row, ends that.
 */
function constraintsOf(
  model: Model,
  open: Open,
  scales: ReadonlyMap<number, number>,
  isRoomy: boolean,
): Map<string | number, Constraint> | null {
  const constraints = new Map<string | number, Constraint>()
  const touched = new Uint8Array(model.rows.length)
  for (const i of open.columns) {
    for (const row of model.columns[i]!.rows) touched[row] = 1
    const upper = open.upper[i]!
    if (Number.isFinite(upper)) constraints.set(`upper ${i}`, { max: upper / scales.get(i)! })
  }
  for (let row = 0; row < model.rows.length; row++) {
    const [min, max] = [open.min[row]!, open.max[row]!]
    if (touched[row] === 0) {
      if (min > place.precision || max < -place.precision) return null
      continue
    }
    const room = isRoomy ? place.precision / 10 * (1 + (row * 0.6180339887) % 1) : 0
    constraints.set(row, {
      ...Number.isFinite(min) && { min: min - room },
      ...Number.isFinite(max) && { max: max + room },
    })
  }
  return constraints
}
