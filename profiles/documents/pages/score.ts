/**
 * How well a page's layout was found: its text in reading order, its tables' cells, its turn.
 *
 * @module
 */
import type { Layout } from '../../../src/documents/layout/layout.ts'
import type { Line } from '../../../src/documents/page.ts'
import { editDistance } from '../../ocr/score.ts'
import type { LabelledPage } from './pages.ts'
import type { TrueBlock } from './setting.ts'

export interface LayoutScore {
  characters: number
  errors: number
  /** Cells of true tables that are not empty, and those read in their row and column. */
  cells: number
  cellsRight: number
  /** Tables found, and those that are true. */
  tables: number
  trueTables: number
  turnRight: boolean
}

/** Share of a cell's characters that may be misread: cells tell where a text stands. */
const CELL_ERRORS = 0.25

/** Blocks as they are read out: line after line, of tables row after row. */
export const textOf = (blocks: readonly TrueBlock[]): string =>
  blocks.flatMap((block) => block.kind === 'text' ? block.lines : block.rows.flat(2))
    .map(({ text }) => text).join('\n')

export function scoreLayout(
  page: Pick<LabelledPage, 'blocks' | 'turn'>,
  { turn, blocks }: Layout,
): LayoutScore {
  const truth = textOf(page.blocks)
  const tables = page.blocks.flatMap((block) => block.kind === 'table' ? [block.rows] : [])
  const found = blocks.flatMap((block) => block.kind === 'table' ? [block.rows] : [])
  const score: LayoutScore = {
    characters: truth.length,
    errors: Math.min(truth.length, editDistance(textOf(blocks), truth)),
    cells: 0,
    cellsRight: 0,
    tables: found.length,
    trueTables: tables.length,
    turnRight: turn === page.turn,
  }
  // Each table is held against the found one that fits it best, and each found one once.
  const left = [...found]
  for (const table of tables) {
    score.cells += table.flat().filter((cell) => cell.length > 0).length
    const fits = left.map((one) => cellsRight(table, one))
    const best = Math.max(0, ...fits)
    if (best === 0) continue
    score.cellsRight += best
    left.splice(fits.indexOf(best), 1)
  }
  return score
}

/** Cells in their column, in rows that stand one after the other as in the true table. */
function cellsRight(truth: readonly Line[][][], found: readonly Line[][][]): number {
  // The most cells right of the rows so far: rows left out on either side do not shift the others.
  let row = new Array<number>(found.length + 1).fill(0)
  for (const cells of truth) {
    const next = [0]
    for (const [k, other] of found.entries()) {
      const right = cells.filter((cell, column) => isSame(cell, other[column])).length
      next.push(Math.max(row[k + 1]!, next[k]!, row[k]! + right))
    }
    row = next
  }
  return row.at(-1)!
}

function isSame(cell: readonly Line[], other: readonly Line[] | undefined): boolean {
  if (other === undefined || cell.length === 0) return false
  const [a, b] = [cell, other].map((lines) => lines.map(({ text }) => text).join(' '))
  return editDistance(a!, b!) <= CELL_ERRORS * a!.length
}
