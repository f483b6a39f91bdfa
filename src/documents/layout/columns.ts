/**
 * Columns of a table, found row by row: cells one above the other, white between.
 *
 * @module
 */
import type { Placed } from './placed.ts'

/** From left to right. */
export interface Column {
  left: number
  right: number
  cells: number
}

/** A cell of each column of a row, or undefined. */
export type Cells = (Placed | undefined)[]

/** A box is drawn wider than its text: what two share of that, in line heights, is white. */
const MARGIN = 0.3

/**
 * Columns once a row has joined them, or undefined where it does not fit: a cell would stand in two
 * columns, or two in one.
 */
export function joined(columns: readonly Column[], row: readonly Placed[]): Column[] | undefined {
  const next = columns.map((column) => ({ ...column }))
  const given = row.length === columns.length ? row : []
  const isEachOwn = given.length > 1 && given.every((cell, k) => overlaps(cell, columns[k]!))
  if (isEachOwn) {
    // A heading wider than what is below it: each has a column of its own all the same.
    for (const column of next) column.cells++
    return next
  }
  const taken = new Set<Column>()
  const fresh: Column[] = []
  for (const cell of row) {
    const under = next.filter((column) => overlaps(cell, column))
    const [column] = under
    if (under.length > 1 || (column !== undefined && taken.has(column))) return undefined
    if (column === undefined) {
      fresh.push({ left: cell.left, right: cell.right, cells: 1 })
      continue
    }
    taken.add(column)
    column.left = Math.min(column.left, cell.left)
    column.right = Math.max(column.right, cell.right)
    column.cells++
  }
  const all = [...next, ...fresh].sort((a, b) => a.left - b.left)
  const margin = MARGIN * (row[0]?.height ?? 0)
  const isApart = all.every((column, k) => k === 0 || all[k - 1]!.right <= column.left + margin)
  return isApart ? all : undefined
}

function overlaps(cell: Placed, column: Column): boolean {
  const shared = Math.min(cell.right, column.right) - Math.max(cell.left, column.left)
  return shared > MARGIN * cell.height
}

/** The cells of a row that has joined these columns. */
export function cellsOf(columns: readonly Column[], row: readonly Placed[]): Cells {
  const cells: Cells = columns.map(() => undefined)
  if (row.length === columns.length) return [...row]
  for (const cell of row) {
    const shares = columns.map(({ left, right }) =>
      Math.min(cell.right, right) - Math.max(cell.left, left)
    )
    cells[shares.indexOf(Math.max(...shares))] = cell
  }
  return cells
}

/** Two columns are one where the first row alone stands in one of them: a heading put aside. */
export function withoutHeadings(rows: readonly Cells[]): Cells[] {
  const merged = rows.map((row) => [...row])
  for (let k = 0; k + 1 < (merged[0]?.length ?? 0); k++) {
    const isShared = merged.some((row) => row[k] !== undefined && row[k + 1] !== undefined)
    const isHeading = (column: number) =>
      merged.every((row, r) => (row[column] !== undefined) === (r === 0))
    if (isShared || !(isHeading(k) || isHeading(k + 1))) continue
    for (const row of merged) row.splice(k, 2, row[k] ?? row[k + 1])
    k--
  }
  return merged
}
