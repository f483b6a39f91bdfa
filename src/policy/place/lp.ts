/**
 * Solves a program with yalps, after taking out what is fixed, and checks every answer by putting
 * it into the program: yalps drops a branch whose pivots ran out without a word, and knows no
 * scaling (its limits are why coefficients are scaled here).
 *
 * @module
 */
import { type Constraint, solve } from 'yalps'
import { type Model, objectiveOf, violationOf } from './model.ts'

export interface Solved {
  /** `unfinished`: no answer yet when branches ran out; `failed`: none that holds when checked. */
  status: 'optimal' | 'feasible' | 'infeasible' | 'unfinished' | 'failed'
  objective: number
  values: number[]
}

/** What nothing can be better than, by a relaxed program. */
export const boundOf = ({ status, objective }: Solved): number =>
  status === 'optimal' ? objective : Infinity

export interface Range {
  lower: number
  upper: number
}

export interface SolveOptions {
  /** Narrower bounds of some columns, by position; equal bounds fix a column. */
  ranges?: ReadonlyMap<number, Range>
  /** Integers may be any number. */
  relaxed?: boolean
  /** Branches to look at at most. */
  branches?: number
  /** Updates of cells to spend on all branches, about. */
  updates?: number
}

export interface Counted {
  programs: number
  columns: number
  rejected: number
  /** Updates of a tableau's cells, estimated from its size: what the time goes into. */
  updates: number
}

/** An answer may be outside the program by so much, relative to the terms of a row. */
export const PRECISION = 1e-6

const nothing = (status: Solved['status']): Solved => ({ status, objective: NaN, values: [] })

/** The part of the program that is still open once some columns are fixed. */
interface Open {
  columns: number[]
  /** Value of every column that is not open, and the base to which an open one adds. */
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

/** Columns that a row without any supply holds at 0: most of them, once integers are fixed. */
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
      for (let j = 0; j < rows.length; j++) {
        if (coefficients[j]! < 0) canFall[rows[j]!] = 1
        else canRise[rows[j]!] = 1
      }
    })
    model.columns.forEach(({ rows, coefficients }, i) => {
      if (upper[i]! <= 0) return
      for (let j = 0; j < rows.length; j++) {
        const row = rows[j]!
        const held = coefficients[j]! > 0
          ? max[row]! <= 0 && max[row]! > -1e-12 && canFall[row] === 0
          : min[row]! >= 0 && min[row]! < 1e-12 && canRise[row] === 0
        if (!held) continue
        upper[i] = 0
        changed = true
        return
      }
    })
  }
}

/**
 * Most rows say that work is no more than supply, so that many bounds are 0 and yalps may walk in
 * circles. A little room, different for every row, ends that; it is within what is precise enough.
 */
const roomFor = (row: number) => 1e-7 * (1 + (row * 0.6180339887) % 1)

/**
 * One after the other until an answer holds: as it is, with room, and with as many pivots for each
 * row as some programs of pools of ten thousand slots and more want.
 */
const FIRST = { room: false, pivots: 3 }
const SECOND = { room: true, pivots: 6 }
const LAST = { room: true, pivots: 20 }
type Attempt = typeof FIRST

type Terms = [string | number, number][]

export function solveModel(model: Model, counted: Counted, options: SolveOptions = {}): Solved {
  const open = openOf(model, options.ranges)
  if (open === null) return nothing('infeasible')
  counted.programs++
  counted.columns = Math.max(counted.columns, open.columns.length)
  const rows = rowsOf(model, open)
  const cells = open.columns.length * rows
  const branches = branchesOf(options, cells)
  let solved = attempt(model, open, options, branches, FIRST)
  // How many branches were looked at isn't told: all where they ran out, else taken for a third.
  const ended = solved.status === 'optimal' || solved.status === 'infeasible'
  const looked = options.relaxed === true ? 0 : ended ? branches / 3 : branches
  counted.updates += cells * (PIVOTS_PER_ROW * rows + PIVOTS_PER_BRANCH * looked)
  if (solved.status === 'failed') solved = attempt(model, open, options, branches, SECOND)
  if (solved.status === 'failed') {
    counted.updates += cells * LAST.pivots * rows
    solved = attempt(model, open, options, branches, LAST)
  }
  if (solved.status === 'failed') counted.rejected++
  return solved
}

const PIVOTS_PER_ROW = 1.5
const PIVOTS_PER_BRANCH = 15

/** Fewer branches where each is dear. */
const branchesOf = ({ branches = 100, updates = Infinity }: SolveOptions, cells: number) =>
  Math.min(branches, Math.max(16, Math.floor(updates / (PIVOTS_PER_BRANCH * cells + 1))))

function rowsOf(model: Model, { columns }: Open): number {
  const rows = new Set<number>()
  for (const i of columns) for (const row of model.columns[i]!.rows) rows.add(row)
  return rows.size
}

function attempt(
  model: Model,
  open: Open,
  options: SolveOptions,
  branches: number,
  { room: roomy, pivots }: Attempt,
): Solved {
  const constraints = new Map<string | number, Constraint>()
  const touched = new Uint8Array(model.rows.length)
  const integers = new Set<number>()
  const variables: [number, Terms][] = []
  const scales = new Map<number, number>()
  for (const i of open.columns) {
    const { objective, rows, coefficients, integer } = model.columns[i]!
    const whole = integer && options.relaxed !== true
    if (whole) integers.add(i)
    let largest = 0
    for (const coefficient of coefficients) largest = Math.max(largest, Math.abs(coefficient))
    // A column of its own unit: values and coefficients near 1, which yalps' precision needs.
    const scale = whole || largest === 0 ? 1 : 1 / largest
    scales.set(i, scale)
    const terms: Terms = [['objective', objective * scale]]
    rows.forEach((row, j) => {
      touched[row] = 1
      terms.push([row, coefficients[j]! * scale])
    })
    if (Number.isFinite(open.upper[i]!)) {
      terms.push([`upper ${i}`, 1])
      constraints.set(`upper ${i}`, { max: open.upper[i]! / scale })
    }
    variables.push([i, terms])
  }
  for (let row = 0; row < model.rows.length; row++) {
    const [min, max] = [open.min[row]!, open.max[row]!]
    if (touched[row] === 0) {
      if (min > PRECISION || max < -PRECISION) return nothing('infeasible')
      continue
    }
    const room = roomy ? roomFor(row) : 0
    constraints.set(row, {
      ...(Number.isFinite(min) ? { min: min - room } : {}),
      ...(Number.isFinite(max) ? { max: max + room } : {}),
    })
  }
  const values = Array.from(open.base)
  const finish = (status: Solved['status']): Solved => {
    if (violationOf(relaxedIf(model, options), values) > PRECISION) return nothing('failed')
    return { status, objective: objectiveOf(model, values), values }
  }
  if (open.columns.length === 0) return finish('optimal')
  const solution = solve({
    direction: 'maximize',
    objective: 'objective',
    constraints,
    variables,
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

function relaxedIf(model: Model, options: SolveOptions): Model {
  if (options.relaxed !== true) return model
  return { ...model, columns: model.columns.map((column) => ({ ...column, integer: false })) }
}
