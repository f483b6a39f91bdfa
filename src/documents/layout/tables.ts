/**
 * Tables among rows of lines, ruled or not: at least three rows of short runs in aligned columns.
 *
 * @module
 */
import { type Cells, cellsOf, type Column, joined, withoutHeadings } from './columns.ts'
import { PROSE } from './gutter.ts'
import { extentOf, median, type Placed } from './placed.ts'

export interface Table {
  /** Of the rows that were given, the first of the table and the one after its last. */
  from: number
  to: number
  /** As many cells in each row; a cell has its lines from the top. */
  rows: Placed[][][]
}

export interface TableRules {
  /** Columns of text as long as prose that a table may have. */
  longColumns: number
  /** Whether a line, by its index, is an amount, a date or a number. */
  isNumber: (index: number) => boolean
}

const FEWEST_ROWS = 3
/** Rows further apart than this many line heights are of two tables. */
const WIDEST_GAP = 2.5
/** More rows of one cell on end are no longer the table. */
const MOST_SINGLES = 2
/** First rows left out one after the other before all of some rows are taken for no table. */
const MOST_TRIES = 3
/** Of a table of several columns, the share of cells that are filled. */
const LEAST_FILLED = 0.5
const LEAST_FILLED_PAIR = 0.75
/** Two columns of so many rows are no address beside a date; nor are rows so many heights apart. */
const MOST_OF_ADDRESS = 6
const SPACED = 1.8
/** Share of the cells of a column of numbers that have to be some. */
const NUMBERS = 0.6
/** A row this much closer than rows usually are goes on with the cell above it. */
const CLOSER = 0.75

/** @param rows from the top, each from the left */
export function tablesOf(rows: readonly Placed[][], rules: TableRules): Table[] {
  const tables: Table[] = []
  let end = 0
  let tries = 0
  for (let from = 0; from < rows.length; from++) {
    if (rows[from]!.length < 2) continue
    const { to, columns } = grown(rows, from)
    const table = tableOf(rows.slice(from, to), columns, rules)
    tries = to === end ? tries + 1 : 0
    end = to
    if (table === undefined) {
      // The same rows but one are hardly a table if these are none.
      if (tries >= MOST_TRIES) from = to - 1
      continue
    }
    tables.push({ from, to, rows: table })
    from = to - 1
  }
  return tables
}

/** How far down rows keep to the columns of the first. */
function grown(rows: readonly Placed[][], from: number): { to: number; columns: Column[] } {
  let columns = joined([], rows[from]!) ?? []
  let to = from + 1
  let singles = 0
  for (let at = to; at < rows.length && singles <= MOST_SINGLES; at++) {
    const row = rows[at]!
    const gap = extentOf(row).top - extentOf(rows[at - 1]!).bottom
    const more = joined(columns, row)
    if (more === undefined || gap > WIDEST_GAP * heightOf(row)) break
    // A line that stands in none of the columns is not of the table.
    if (row.length === 1 && more.length > columns.length) break
    columns = more
    if (row.length === 1) singles++
    else {
      singles = 0
      to = at + 1
    }
  }
  return { to, columns }
}

const heightOf = (row: readonly Placed[]): number => median(row.map(({ height }) => height))

function tableOf(
  rows: readonly Placed[][],
  columns: readonly Column[],
  rules: TableRules,
): Placed[][][] | undefined {
  if (columns.length < 2 || rows.filter((row) => row.length > 1).length < FEWEST_ROWS) {
    return undefined
  }
  const cells = withoutHeadings(rows.map((row) => cellsOf(columns, row)))
  return isTable(cells, rules) ? wrapped(cells) : undefined
}

function isTable(rows: readonly Cells[], { longColumns, isNumber }: TableRules): boolean {
  const count = rows[0]!.length
  const columns = Array.from({ length: count }, (_, k) => rows.flatMap((row) => row[k] ?? []))
  const isLong = (column: readonly Placed[]) =>
    median(column.map(({ left, right, height }) => (right - left) / height)) >= PROSE
  if (columns.filter(isLong).length > longColumns) return false
  const filled = columns.reduce((sum, column) => sum + column.length, 0) / (rows.length * count)
  if (count > 2) return filled >= LEAST_FILLED
  const hasNumbers = columns.some((column) =>
    column.filter(({ index }) => isNumber(index)).length >= NUMBERS * column.length
  )
  if (hasNumbers) return filled >= LEAST_FILLED_PAIR
  // Two columns may be two blocks side by side, an address and a date: few lines, and close.
  const isSpaced = rows.length >= MOST_OF_ADDRESS ||
    leastStep(rows) >= SPACED * heightOf(columns.flat())
  return filled === 1 && isSpaced && !columns.some(isLong)
}

/** From the middle of a row to that of the next, where they are closest. */
function leastStep(rows: readonly Cells[]): number {
  const middles = rows.map(middleOf)
  return Math.min(...middles.slice(1).map((middle, r) => middle - middles[r]!))
}

const middleOf = (row: Cells): number => median(row.flatMap((cell) => cell?.middle ?? []))

/** A lone cell close below a row goes on with that row's. */
function wrapped(rows: readonly Cells[]): Placed[][][] {
  const steps = rows.slice(1).map((row, r) => middleOf(row) - middleOf(rows[r]!))
  const full = steps.filter((_, r) => rows[r + 1]!.filter(Boolean).length > 1)
  const usual = median(full)
  const table: Placed[][][] = []
  for (const [r, row] of rows.entries()) {
    const above = table.at(-1)
    const isAlone = row.filter(Boolean).length === 1
    if (above !== undefined && isAlone && steps[r - 1]! < CLOSER * usual) {
      row.forEach((cell, k) => cell !== undefined && above[k]!.push(cell))
    } else table.push(row.map((cell) => cell === undefined ? [] : [cell]))
  }
  return table
}
