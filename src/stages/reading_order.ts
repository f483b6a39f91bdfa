/**
 * The order in which a person reads lines: rows from the top, columns one after the other.
 *
 * @module
 */
import type { TextBox } from './box.ts'

interface Placed {
  index: number
  left: number
  right: number
  top: number
  bottom: number
  middle: number
  height: number
}

/** No page has more of them side by side; whoever sends one that seems to shall not keep a node busy. */
const MOST_COLUMNS = 64

/** Direction of most text, radians: the weighted median over boxes long enough to tell. */
export function pageAngle(boxes: readonly TextBox[]): number {
  const long = boxes.filter((box) => box.width >= 3 * box.height)
  const sorted = (long.length > 0 ? long : [...boxes]).toSorted((a, b) => a.angle - b.angle)
  const total = sorted.reduce((sum, box) => sum + box.width, 0)
  let sum = 0
  for (const box of sorted) {
    sum += box.width
    if (sum >= total / 2) return box.angle
  }
  return 0
}

/**
 * Indices of `boxes` in reading order, on the page turned upright.
 *
 * Two groups side by side are columns, read one after the other, where each holds at least three
 * rows of lines that are long for their height. Otherwise (tables, receipts, forms) rows win.
 */
export function readingOrder(boxes: readonly TextBox[]): number[] {
  const angle = pageAngle(boxes)
  const cos = Math.cos(angle)
  const sin = Math.sin(angle)
  const placed = boxes.map((box, index): Placed => {
    const x = box.cx * cos + box.cy * sin
    const y = box.cy * cos - box.cx * sin
    return {
      index,
      left: x - box.width / 2,
      right: x + box.width / 2,
      top: y - box.height / 2,
      bottom: y + box.height / 2,
      middle: y,
      height: box.height,
    }
  })
  return order(placed).map((p) => p.index)
}

/** @param cuts made around these lines so far */
function order(lines: Placed[], cuts = 0): Placed[] {
  const gutter = cuts < MOST_COLUMNS ? findGutter(lines) : undefined
  if (gutter === undefined) return byRows(lines)
  // Lines across the gutter (headings) part the columns above them from those below.
  const crossing = lines.filter((l) => l.left < gutter && l.right > gutter)
    .sort((a, b) => a.middle - b.middle)
  const out: Placed[] = []
  let from = -Infinity
  for (const bar of [...crossing, undefined]) {
    const to = bar?.middle ?? Infinity
    const band = lines.filter((l) => l.middle >= from && l.middle < to)
    out.push(...order(band.filter((l) => l.right <= gutter), cuts + 1))
    out.push(...order(band.filter((l) => l.left >= gutter), cuts + 1))
    if (bar !== undefined) out.push(bar)
    from = to
  }
  return out
}

/** A vertical line between two columns of prose, or undefined. */
function findGutter(lines: readonly Placed[]): number | undefined {
  if (lines.length < 6) return undefined
  const left = Math.min(...lines.map((l) => l.left))
  const right = Math.max(...lines.map((l) => l.right))
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
  const ratios = lines.map((l) => (l.right - l.left) / l.height).sort((a, b) => a - b)
  return ratios[Math.floor(ratios.length / 2)]! >= 8 && byRowGroups(lines).length >= 3
}

/** Whether two groups stand next to each other for at least half of the shorter one. */
function sideBySide(a: readonly Placed[], b: readonly Placed[]): boolean {
  const span = (lines: readonly Placed[]) => ({
    top: Math.min(...lines.map((l) => l.top)),
    bottom: Math.max(...lines.map((l) => l.bottom)),
  })
  const one = span(a)
  const two = span(b)
  const shared = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top)
  return shared >= 0.5 * Math.min(one.bottom - one.top, two.bottom - two.top)
}

function byRows(lines: readonly Placed[]): Placed[] {
  return byRowGroups(lines).flatMap((row) => row.sort((a, b) => a.left - b.left))
}

/** Rows of lines: a line joins the row above where their middles differ by less than half a line. */
function byRowGroups(lines: readonly Placed[]): Placed[][] {
  const rows: { middle: number; height: number; lines: Placed[] }[] = []
  for (const line of [...lines].sort((a, b) => a.middle - b.middle)) {
    const row = rows.at(-1)
    if (
      row !== undefined &&
      line.middle - row.middle < 0.5 * Math.min(line.height, row.height)
    ) {
      row.lines.push(line)
      row.middle += (line.middle - row.middle) / row.lines.length
      row.height = Math.max(row.height, line.height)
    } else rows.push({ middle: line.middle, height: line.height, lines: [line] })
  }
  return rows.map((row) => row.lines)
}
