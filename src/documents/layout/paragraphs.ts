/**
 * Lines of one region put together to paragraphs: one below the other, of one size, no wide gap.
 *
 * @module
 */
import { median, type Placed } from './placed.ts'
import { rowsOf } from './rows.ts'

/** Lines of unlike heights, a heading and its text, are two blocks. */
const SAME_SIZE = 1.3
/** Of the narrower of two lines, the share that has to stand above or below the other. */
const ABOVE = 0.5
/** Pieces of one row further apart, in line heights, are of two blocks. */
const WIDEST_SPACE = 2
/** From middle to middle, in line heights, at most; and against the usual distance of a page. */
const WIDEST_STEP = 2.4
const WIDER_STEP = 1.3
/** Lines back from a row that may still go on; more stand side by side on no page. */
const MOST_OPEN = 256

/** A paragraph as it grows: its last row is what the next line is held against. */
interface Open {
  lines: Placed[]
  row: Placed[]
}

/** @returns paragraphs, each with its lines in reading order; in no order themselves */
export function paragraphsOf(lines: readonly Placed[]): Placed[][] {
  const rows = rowsOf(lines)
  const usual = usualStep(rows)
  const done: Open[] = []
  let open: Open[] = []
  for (const row of rows) {
    const joinedHere: Open[] = []
    for (const line of row) {
      const beside = joinedHere.at(-1)
      if (beside !== undefined && isBeside(beside.row.at(-1)!, line)) {
        beside.lines.push(line)
        beside.row.push(line)
        continue
      }
      const above = open.find((one) => !joinedHere.includes(one) && isBelow(one.row, line, usual))
      if (above === undefined) joinedHere.push({ lines: [line], row: [line] })
      else {
        above.lines.push(line)
        above.row = [line]
        joinedHere.push(above)
      }
    }
    const fresh = new Set(joinedHere)
    const reach = Math.max(...row.map(({ middle, height }) => middle - WIDEST_STEP * height))
    const older = open.filter((one) => !fresh.has(one))
    open = [...joinedHere, ...older.filter(({ row: [last] }) => last!.middle >= reach)]
    done.push(...older.filter(({ row: [last] }) => last!.middle < reach), ...open.slice(MOST_OPEN))
    open = open.slice(0, MOST_OPEN)
  }
  return [...done, ...open].map((one) => one.lines)
}

/** From the middle of a line to that of the next below it, in line heights: what most lines have. */
function usualStep(rows: readonly Placed[][]): number {
  const steps = rows.slice(1).map((row, r) => {
    const [above, below] = [rows[r]![0]!, row[0]!]
    return (below.middle - above.middle) / Math.max(above.height, below.height)
  }).filter((step) => step <= WIDEST_STEP)
  return median(steps)
}

const isSameSize = (a: Placed, b: Placed): boolean =>
  Math.max(a.height, b.height) <= SAME_SIZE * Math.min(a.height, b.height)

function isBeside(left: Placed, right: Placed): boolean {
  return isSameSize(left, right) && right.left - left.right <= WIDEST_SPACE * left.height
}

function isBelow(row: readonly Placed[], line: Placed, usual: number): boolean {
  return row.some((above) => {
    const step = (line.middle - above.middle) / Math.max(above.height, line.height)
    const shared = Math.min(above.right, line.right) - Math.max(above.left, line.left)
    const narrower = Math.min(above.right - above.left, line.right - line.left)
    return step <= WIDEST_STEP && step <= Math.max(1.2, WIDER_STEP * usual) &&
      isSameSize(above, line) && shared >= ABOVE * narrower
  })
}
