/**
 * Rows of a receipt out of the lines that an OCR has found.
 *
 * @module
 */
import type { Point } from '../../src/stages/box.ts'

export interface Line {
  text: string
  box: readonly Point[]
}

/**
 * Runs that stand beside each other, from left to right; rows from top to bottom.
 *
 * Places are compared along the slant of the longest line: a turned receipt's rows overlap.
 */
export function rowsOf(lines: readonly Line[]): string[][] {
  const longest = lines.reduce<Line | undefined>((best, line) => {
    return best !== undefined && lengthOf(best) >= lengthOf(line) ? best : line
  }, undefined)
  const slope = longest === undefined ? 0 : slopeOf(longest)
  const placed = lines.map(({ text, box }) => {
    const x = mean(box.map(([px]) => px))
    const flat = box.map(([px, py]) => py - px * slope)
    return { text, x, top: Math.min(...flat), bottom: Math.max(...flat) }
  }).sort((a, b) => a.top + a.bottom - b.top - b.bottom)
  const rows: (typeof placed)[] = []
  for (const line of placed) {
    const row = rows.at(-1)
    const before = row?.at(-1)
    if (row !== undefined && before !== undefined && overlap(before, line) > 0.5) row.push(line)
    else rows.push([line])
  }
  return rows.map((row) => row.sort((a, b) => a.x - b.x).map(({ text }) => text))
}

/** Shared height as a share of the lower one's. */
function overlap(
  a: { top: number; bottom: number },
  b: { top: number; bottom: number },
): number {
  const shared = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
  return shared / Math.min(a.bottom - a.top, b.bottom - b.top)
}

function lengthOf({ box: [from, to] }: Line): number {
  return from === undefined || to === undefined ? 0 : Math.hypot(to[0] - from[0], to[1] - from[1])
}

function slopeOf({ box: [from, to] }: Line): number {
  const slope = (to![1] - from![1]) / (to![0] - from![0])
  return Math.abs(slope) < 0.15 ? slope : 0
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
