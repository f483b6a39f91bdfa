/**
 * The white strip between two columns of prose.
 *
 * @module
 */
import { extentOf, median, type Placed } from './placed.ts'
import { rowsOf } from './rows.ts'

/** No page has more of them side by side; a hostile page that seems to shall not keep a node busy. */
export const MOST_COLUMNS = 64

/** A line of prose is at least so many times as long as it is high. */
export const PROSE = 8

/** Two columns of prose are so many lines of them. */
const FEWEST_LINES = 6
const FEWEST_ROWS = 3

/** Where a vertical line parts two columns of prose, or undefined. */
export function findGutter(lines: readonly Placed[]): number | undefined {
  if (lines.length < FEWEST_LINES) return undefined
  const { left, right } = extentOf(lines)
  const narrow = lines.filter((l) => l.right - l.left < 0.6 * (right - left))
    .sort((a, b) => a.left - b.left)
  const gaps: { x: number; width: number }[] = []
  let reached = Infinity
  for (const line of narrow) {
    if (line.left > reached) {
      gaps.push({ x: (reached + line.left) / 2, width: line.left - reached })
    }
    reached = reached === Infinity ? line.right : Math.max(reached, line.right)
  }
  const widest = gaps.length <= MOST_COLUMNS
    ? gaps
    : gaps.toSorted((a, b) => b.width - a.width).slice(0, MOST_COLUMNS).sort((a, b) => a.x - b.x)
  return widest.find(({ x }) => {
    const before = lines.filter((l) => l.right <= x)
    const after = lines.filter((l) => l.left >= x)
    return isColumn(before) && isColumn(after) && sideBySide(before, after)
  })?.x
}

function isColumn(lines: readonly Placed[]): boolean {
  return median(lines.map((l) => (l.right - l.left) / l.height)) >= PROSE &&
    rowsOf(lines).length >= FEWEST_ROWS
}

/** Whether two groups stand next to each other for at least half of the shorter one. */
function sideBySide(a: readonly Placed[], b: readonly Placed[]): boolean {
  const [one, two] = [extentOf(a), extentOf(b)]
  const shared = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top)
  return shared >= 0.5 * Math.min(one.bottom - one.top, two.bottom - two.top)
}
