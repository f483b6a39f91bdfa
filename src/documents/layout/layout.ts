/**
 * Lines of a page as blocks in reading order.
 *
 * @module
 */
import type { Block, Line, Point } from '../page.ts'

/** All lines as one block of text, in the order given. */
export function layoutOf(
  lines: Line[],
  _size: { width: number; height: number },
): { turn: 0 | 90 | 180 | 270; blocks: Block[] } {
  if (lines.length === 0) return { turn: 0, blocks: [] }
  const points = lines.flatMap(({ box }): Point[] => box)
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)]
  const area = {
    ...{ left: Math.min(...xs), right: Math.max(...xs) },
    ...{ top: Math.min(...ys), bottom: Math.max(...ys) },
  }
  return { turn: 0, blocks: [{ kind: 'text', area, lines }] }
}
