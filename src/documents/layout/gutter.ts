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
/** Share of a page's lines, headings for the most part, that may reach over a gutter. */
const MOST_ACROSS = 0.15

/** Where a vertical line parts two columns of prose, or undefined. */
export function findGutter(lines: readonly Placed[]): number | undefined {
  if (lines.length < FEWEST_LINES) return undefined
  const { left, right } = extentOf(lines)
  const narrow = lines.filter((l) => l.right - l.left < 0.6 * (right - left))
  const gaps = gapsOf(narrow, MOST_ACROSS * lines.length)
  const widest = gaps.length <= MOST_COLUMNS
    ? gaps
    : gaps.toSorted((a, b) => b.width - a.width).slice(0, MOST_COLUMNS).sort((a, b) => a.x - b.x)
  return widest.find(({ x }) => {
    const before = lines.filter((l) => l.right <= x)
    const after = lines.filter((l) => l.left >= x)
    return isColumn(before) && isColumn(after) && sideBySide(before, after)
  })?.x
}

interface Gap {
  x: number
  width: number
  /** Lines that reach over it. */
  across: number
}

/** From the left, strips between lines that no more than so many reach over; of each its whitest. */
function gapsOf(lines: readonly Placed[], most: number): Gap[] {
  const edges = lines.flatMap(({ left, right }) => [{ x: left, step: 1 }, { x: right, step: -1 }])
    .sort((a, b) => a.x - b.x || b.step - a.step)
  const gaps: Gap[] = []
  let across = 0
  let isOpen = false
  for (const [i, { x, step }] of edges.entries()) {
    across += step
    const width = (edges[i + 1]?.x ?? x) - x
    if (width === 0) continue
    if (across > most) {
      isOpen = false
      continue
    }
    const gap = { x: x + width / 2, width, across }
    const last = gaps.at(-1)
    if (!isOpen || last === undefined) gaps.push(gap)
    else if (across < last.across || (across === last.across && width > last.width)) {
      gaps[gaps.length - 1] = gap
    }
    isOpen = true
  }
  return gaps
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
