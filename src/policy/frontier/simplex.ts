/**
 * The simplex method for small programs that are solved again and again: most of a score, where every
 * variable is 0 or more and no bound is below 0, so that nothing at all is a start.
 *
 * A table of rows, the score first; the first column holds what is left of each bound. Enters the
 * column that promises most, leaves the row that bounds it first.
 *
 * @module
 */

/** A variable: what one of it scores, and what it takes of which rows; no row twice. */
export interface Column {
  score: number
  rows: number[]
  values: number[]
}

/** What all variables may take together, or have to. */
export interface Row {
  max: number
  /** All of it, no less. */
  equal: boolean
}

/** Smaller is nothing, where pivots are chosen and in what is found; and while adding up. */
const PRECISION = 1e-8
const NOTHING = 1e-16

/** By position of the column; undefined where the score has no bound or pivots ran out. */
export function solveProgram(
  columns: readonly Column[],
  rows: readonly Row[],
  maxPivots: number,
): Float64Array | undefined {
  const table = tableOf(columns, rows)
  for (let pivots = 0; pivots < maxPivots; pivots++) {
    const column = entering(table)
    if (column === 0) return valuesOf(table)
    const row = leaving(table, column)
    if (row === 0) return undefined
    pivot(table, row, column)
  }
  return undefined
}

interface Table {
  width: number
  height: number
  cells: Float64Array
  /** Which variable stands at each column and row; those above the width are what rows leave. */
  atColumn: Int32Array
  atRow: Int32Array
  /** Columns of the pivot's row that are not 0. */
  filled: Int32Array
}

/** A row that takes all is two: no more than that, and no less. */
function tableOf(columns: readonly Column[], rows: readonly Row[]): Table {
  const width = columns.length + 1
  const places: number[] = []
  let height = 1
  for (const { equal } of rows) {
    places.push(height)
    height += equal ? 2 : 1
  }
  const { cells, atColumn, atRow, filled } = roomFor(width, height)
  for (let i = 0; i < columns.length; i++) {
    const { score, rows: taken, values } = columns[i]!
    const column = i + 1
    cells[column] = score
    for (let j = 0; j < taken.length; j++) {
      const row = taken[j]!
      const at = places[row]! * width + column
      cells[at] = values[j]!
      if (rows[row]!.equal) cells[at + width] = -values[j]!
    }
  }
  for (let i = 0; i < rows.length; i++) {
    const { max, equal } = rows[i]!
    const at = places[i]! * width
    cells[at] = max
    if (equal) cells[at + width] = -max
  }
  for (let c = 0; c < width; c++) atColumn[c] = c
  for (let r = 0; r < height; r++) atRow[r] = width + r
  return { width, height, cells, atColumn, atRow, filled }
}

type Room = Pick<Table, 'cells' | 'atColumn' | 'atRow' | 'filled'>

/** One room for all tables, as each is done with before the next: making it took as long as solving. */
let room: Room | undefined

function roomFor(width: number, height: number): Room {
  const size = width * height
  const side = Math.max(width, height)
  if (room === undefined || room.cells.length < size || room.filled.length < side) {
    room = {
      cells: new Float64Array(2 * size),
      atColumn: new Int32Array(2 * side),
      atRow: new Int32Array(2 * side),
      filled: new Int32Array(2 * side),
    }
  }
  room.cells.fill(0, 0, size)
  return room
}

/** 0 where none raises the score. */
function entering({ width, cells }: Table): number {
  let found = 0
  let most = PRECISION
  for (let column = 1; column < width; column++) {
    const gain = cells[column]!
    if (gain <= most) continue
    most = gain
    found = column
  }
  return found
}

/** 0 where none bounds it. */
function leaving({ width, height, cells }: Table, column: number): number {
  let found = 0
  let least = Infinity
  for (let row = 1; row < height; row++) {
    const at = row * width
    const taken = cells[at + column]!
    if (taken <= PRECISION) continue
    const ratio = cells[at]! / taken
    if (ratio >= least) continue
    least = ratio
    found = row
    if (ratio <= PRECISION) break
  }
  return found
}

function pivot(table: Table, row: number, column: number): void {
  const { width, height, cells, atColumn, atRow, filled } = table
  const own = row * width
  const by = cells[own + column]!
  const left = atRow[row]!
  atRow[row] = atColumn[column]!
  atColumn[column] = left
  let count = 0
  for (let c = 0; c < width; c++) {
    const value = cells[own + c]!
    if (Math.abs(value) > NOTHING) {
      cells[own + c] = value / by
      filled[count++] = c
    } else cells[own + c] = 0
  }
  cells[own + column] = 1 / by
  for (let r = 0; r < height; r++) {
    if (r === row) continue
    const other = r * width
    const times = cells[other + column]!
    if (Math.abs(times) <= NOTHING) continue
    for (let i = 0; i < count; i++) {
      const c = filled[i]!
      cells[other + c]! -= times * cells[own + c]!
    }
    cells[other + column] = -times / by
  }
}

function valuesOf({ width, height, cells, atRow }: Table): Float64Array {
  const values = new Float64Array(width - 1)
  for (let row = 1; row < height; row++) {
    const variable = atRow[row]!
    if (variable >= width) continue
    const value = cells[row * width]!
    if (value > PRECISION) values[variable - 1] = rounded(value)
  }
  return values
}

const rounded = (value: number) => Math.round((value + Number.EPSILON) * 1e8) / 1e8
