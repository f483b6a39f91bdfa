/**
 * A page cut into regions of one column each, in the order a person reads them.
 *
 * @module
 */
import { findGutter, MOST_COLUMNS } from './gutter.ts'
import { extentOf, type Placed } from './placed.ts'
import { rowsOf } from './rows.ts'
import { tablesOf } from './tables.ts'

/**
 * Regions in reading order; each is read by rows, or by what else is found in it.
 *
 * Two groups side by side are columns, read one after the other, where each holds at least three
 * rows of lines that are long for their height. What stands across the gutter, a heading or a table,
 * parts the columns above it from those below. Otherwise (tables, receipts, forms) there is one
 * region.
 */
export function regionsOf(lines: readonly Placed[]): Placed[][] {
  return cut(lines, 0).map((region) => region.lines)
}

interface Region {
  lines: Placed[]
  /** It stands across the gutter, or beside nothing: it may go on with its neighbour. */
  isWhole: boolean
}

/** @param cuts made around these lines so far */
function cut(lines: readonly Placed[], cuts: number): Region[] {
  const gutter = cuts < MOST_COLUMNS ? findGutter(lines) : undefined
  if (gutter === undefined) return lines.length === 0 ? [] : [{ lines: [...lines], isWhole: true }]
  const bars = barsOf(lines, gutter)
  const inBars = new Set(bars.flat())
  const rest = lines.filter((line) => !inBars.has(line)).sort((a, b) => a.middle - b.middle)
  const regions: Region[] = []
  let at = 0
  for (const bar of [...bars, undefined]) {
    const to = bar === undefined ? Infinity : Math.min(...bar.map(({ middle }) => middle))
    const from = at
    while (at < rest.length && rest[at]!.middle < to) at++
    const band = rest.slice(from, at)
    const before = band.filter((line) => line.right <= gutter)
    const after = band.filter((line) => line.right > gutter)
    const isWhole = before.length === 0 || after.length === 0
    for (const side of [before, after]) {
      const inner = cut(side, cuts + 1)
      regions.push(...inner.map((one) => ({ ...one, isWhole: isWhole && inner.length === 1 })))
    }
    if (bar !== undefined) regions.push({ lines: bar, isWhole: true })
  }
  return merged(regions)
}

/** Lines and tables across the gutter, from the top. */
function barsOf(lines: readonly Placed[], gutter: number): Placed[][] {
  const rows = rowsOf(lines)
  const tables = tablesOf(rows, { longColumns: 0, isNumber: () => false })
    .map(({ from, to }) => rows.slice(from, to).flat())
    .filter((table) => {
      const { left, right } = extentOf(table)
      return left < gutter && right > gutter
    })
  const inTables = new Set(tables.flat())
  const crossing = lines
    .filter((line) => line.left < gutter && line.right > gutter && !inTables.has(line))
    .map((line) => [line])
  const topOf = (bar: Placed[]) => Math.min(...bar.map(({ middle }) => middle))
  return [...tables, ...crossing].map((bar) => ({ bar, top: topOf(bar) }))
    .sort((a, b) => a.top - b.top).map(({ bar }) => bar)
}

/** What stands across a gutter, line after line, is one region again. */
function merged(regions: readonly Region[]): Region[] {
  const out: Region[] = []
  for (const region of regions) {
    const last = out.at(-1)
    if (last?.isWhole && region.isWhole) { for (const line of region.lines) last.lines.push(line) }
    else out.push(region)
  }
  return out
}
