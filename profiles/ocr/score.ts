/**
 * How well lines were found and read.
 *
 * @module
 */
import type { Point } from '../../src/stages/box.ts'
import type { TrueLine } from './pages.ts'

export interface FoundLine {
  text: string
  box: Point[]
}

/** Pairs of true and found lines that cover each other with IoU >= 0.5, best first, each once. */
export function matchLines(
  truths: readonly TrueLine[],
  found: readonly FoundLine[],
): Map<TrueLine, FoundLine> {
  const pairs = truths.flatMap((truth) =>
    found.map((line) => ({ truth, line, iou: iou(truth.box, line.box) }))
  )
  pairs.sort((a, b) => b.iou - a.iou)
  const matched = new Map<TrueLine, FoundLine>()
  const taken = new Set<FoundLine>()
  for (const { truth, line, iou } of pairs) {
    if (iou < 0.5) break
    if (matched.has(truth) || taken.has(line)) continue
    matched.set(truth, line)
    taken.add(line)
  }
  return matched
}

/** Intersection over union of two convex quadrilaterals, corners clockwise on a page. */
export function iou(a: readonly Point[], b: readonly Point[]): number {
  let shape = [...a]
  for (let i = 0; i < b.length && shape.length > 0; i++) {
    const [px, py] = b[i]!
    const [qx, qy] = b[(i + 1) % b.length]!
    const side = ([x, y]: Point) => (qx - px) * (y - py) - (qy - py) * (x - px)
    const next: Point[] = []
    shape.forEach((from, k) => {
      const to = shape[(k + 1) % shape.length]!
      const s = side(from)
      const t = side(to)
      if (s >= 0) next.push(from)
      if ((s > 0 && t < 0) || (s < 0 && t > 0)) {
        const f = s / (s - t)
        next.push([from[0] + f * (to[0] - from[0]), from[1] + f * (to[1] - from[1])])
      }
    })
    shape = next
  }
  const shared = areaOf(shape)
  return shared / (areaOf(a) + areaOf(b) - shared)
}

function areaOf(shape: readonly Point[]): number {
  let twice = 0
  shape.forEach(([x, y], i) => {
    const [nx, ny] = shape[(i + 1) % shape.length]!
    twice += x * ny - nx * y
  })
  return Math.abs(twice) / 2
}

/** Levenshtein distance: fewest characters inserted, deleted or replaced. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + same))
    }
    row = next
  }
  return row[b.length]!
}
