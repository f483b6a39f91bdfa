/**
 * The order of blocks: those above first, those side by side from the left.
 *
 * @module
 */
import type { Extent } from './placed.ts'

/** Blocks within blocks within blocks: no page has more, and the rest goes from the top. */
const DEEPEST = 32

/**
 * Cut between rows of blocks, each of those between columns, and so on (XY cuts).
 *
 * @param slack how far two may reach into each other all the same, in pixels
 */
export function inSequence<T extends Extent>(blocks: readonly T[], slack: number, depth = 0): T[] {
  if (blocks.length < 2) return [...blocks]
  const fromTop = blocks.toSorted((a, b) => a.top - b.top || a.left - b.left)
  if (depth >= DEEPEST) return fromTop
  const rows = parted(fromTop, slack, ({ top, bottom }) => [top, bottom])
  if (rows.length > 1) return rows.flatMap((row) => inSequence(row, slack, depth + 1))
  const fromLeft = blocks.toSorted((a, b) => a.left - b.left || a.top - b.top)
  const columns = parted(fromLeft, slack, ({ left, right }) => [left, right])
  return columns.length > 1
    ? columns.flatMap((column) => inSequence(column, slack, depth + 1))
    : fromTop
}

/** Groups that do not reach into each other; `sides` along the way that they are sorted. */
function parted<T>(
  sorted: readonly T[],
  slack: number,
  sides: (one: T) => [from: number, to: number],
): T[][] {
  const groups: T[][] = []
  let reached = -Infinity
  for (const one of sorted) {
    const [from, to] = sides(one)
    const group = groups.at(-1)
    if (group !== undefined && from < reached - slack) group.push(one)
    else groups.push([one])
    reached = Math.max(reached, to)
  }
  return groups
}
