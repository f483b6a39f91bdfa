/**
 * Convex hull and the smallest rectangle around it.
 *
 * @module
 */
import type { Point, TextBox } from './box.ts'

/** Convex hull of points, counter-clockwise where y points up, without collinear points. */
export function convexHull(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1])
  if (sorted.length < 3) return sorted
  const half = (order: readonly Point[]): Point[] => {
    const chain: Point[] = []
    for (const p of order) {
      while (chain.length >= 2) {
        const a = chain[chain.length - 2]!
        const b = chain[chain.length - 1]!
        if ((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) > 0) break
        chain.pop()
      }
      chain.push(p)
    }
    chain.pop()
    return chain
  }
  return [...half(sorted), ...half(sorted.reverse())]
}

/** The smallest box around points that reads in direction `angle`, in radians. */
export function rectAtAngle(points: readonly Point[], angle: number): TextBox {
  const cos = Math.cos(angle)
  const sin = Math.sin(angle)
  let minU = Infinity
  let maxU = -Infinity
  let minV = Infinity
  let maxV = -Infinity
  for (const [x, y] of points) {
    const u = x * cos + y * sin
    const v = y * cos - x * sin
    if (u < minU) minU = u
    if (u > maxU) maxU = u
    if (v < minV) minV = v
    if (v > maxV) maxV = v
  }
  const u = (minU + maxU) / 2
  const v = (minV + maxV) / 2
  return {
    cx: u * cos - v * sin,
    cy: u * sin + v * cos,
    width: maxU - minU,
    height: maxV - minV,
    angle,
  }
}

/**
 * The rectangle of least area around a convex hull (one side lies on an edge of the hull).
 *
 * Its direction is that of a reader: within 45 degrees of level, unless the rectangle is more than
 * `upright` times as tall as wide; then the text is taken to run downwards.
 */
export function minAreaRect(hull: readonly Point[], upright = 2): TextBox {
  let best: TextBox | undefined
  for (let i = 0; i < hull.length; i++) {
    const a = hull[i]!
    const b = hull[(i + 1) % hull.length]!
    const rect = rectAtAngle(hull, Math.atan2(b[1] - a[1], b[0] - a[0]))
    if (best === undefined || rect.width * rect.height < best.width * best.height) best = rect
  }
  if (best === undefined) throw new RangeError('Cannot enclose points: received none')
  return asRead(best, upright)
}

/** Turns a rectangle by quarters until its direction is a reader's. */
export function asRead(rect: TextBox, upright = 2): TextBox {
  const quarter = Math.round(rect.angle / (Math.PI / 2))
  const swap = quarter % 2 !== 0
  const level: TextBox = {
    ...rect,
    angle: rect.angle - quarter * (Math.PI / 2),
    width: swap ? rect.height : rect.width,
    height: swap ? rect.width : rect.height,
  }
  if (level.height <= upright * level.width) return level
  // A level rect that leans left (negative angle) reads downwards at 90 degrees less that lean.
  return {
    ...level,
    angle: level.angle + Math.PI / 2,
    width: level.height,
    height: level.width,
  }
}
