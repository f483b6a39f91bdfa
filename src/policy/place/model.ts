/**
 * A linear program with integers, as plain data: maximise the sum of objective times value, every value
 * from `lower` to `upper`, every row between its bounds. Building is separate from solving, so that tests
 * can give the same program to another solver.
 *
 * @module
 */

export interface Column {
  objective: number
  /** Row positions, and coefficients. */
  rows: number[]
  coefficients: number[]
  integer: boolean
  lower: number
  upper: number
}

export interface Row {
  min: number
  max: number
}

export interface Model {
  columns: Column[]
  rows: Row[]
}

export const newModel = (): Model => ({ columns: [], rows: [] })

/** Adds a row; returns its position. */
export function addRow(model: Model, row: Partial<Row>): number {
  return model.rows.push({ min: -Infinity, max: Infinity, ...row }) - 1
}

/** Adds a column; returns its position. Entries of 0 are left out. */
export function addColumn(
  model: Model,
  entries: Iterable<readonly [row: number, coefficient: number]>,
  given: Partial<Pick<Column, 'objective' | 'integer' | 'lower' | 'upper'>> = {},
): number {
  const rows: number[] = []
  const coefficients: number[] = []
  for (const [row, coefficient] of entries) {
    const at = rows.indexOf(row)
    if (at >= 0) coefficients[at]! += coefficient
    else if (coefficient !== 0) {
      rows.push(row)
      coefficients.push(coefficient)
    }
  }
  const bounds = { objective: 0, integer: false, lower: 0, upper: Infinity }
  return model.columns.push({ ...bounds, ...given, rows, coefficients }) - 1
}

/** Adds an entry to an existing column. */
export function addEntry({ columns }: Model, column: number, row: number, coefficient: number) {
  columns[column]!.rows.push(row)
  columns[column]!.coefficients.push(coefficient)
}

export function objectiveOf(model: Model, values: readonly number[]): number {
  return model.columns.reduce((sum, { objective }, i) => sum + objective * values[i]!, 0)
}

/** Largest violation of bounds and rows, relative to the largest term of a row; 0 if none. */
export function violationOf(model: Model, values: readonly number[], relaxed = false): number {
  const sums = new Float64Array(model.rows.length)
  const sizes = new Float64Array(model.rows.length).fill(1)
  let worst = 0
  model.columns.forEach(({ rows, coefficients, integer, lower, upper }, i) => {
    const value = values[i]!
    if (!Number.isFinite(value)) worst = Infinity
    worst = Math.max(worst, lower - value, value - upper)
    if (integer && !relaxed) worst = Math.max(worst, Math.abs(value - Math.round(value)))
    for (let j = 0; j < rows.length; j++) {
      const part = coefficients[j]! * value
      const row = rows[j]!
      sums[row]! += part
      sizes[row] = Math.max(sizes[row]!, Math.abs(part))
    }
  })
  model.rows.forEach(({ min, max }, row) => {
    worst = Math.max(worst, (min - sums[row]!) / sizes[row]!, (sums[row]! - max) / sizes[row]!)
  })
  return worst
}
