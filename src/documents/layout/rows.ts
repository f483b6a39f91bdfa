/**
 * Lines that stand side by side.
 *
 * @module
 */
import type { Placed } from './placed.ts'

/**
 * Rows from the top, each from the left: a line joins the row above where their middles differ by
 * less than half a line.
 */
export function rowsOf(lines: readonly Placed[]): Placed[][] {
  const rows: { middle: number; height: number; lines: Placed[] }[] = []
  for (const line of lines.toSorted((a, b) => a.middle - b.middle)) {
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
  return rows.map((row) => row.lines.sort((a, b) => a.left - b.left))
}
