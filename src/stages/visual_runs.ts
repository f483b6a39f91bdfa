/**
 * One line is one visual run: gaps wider than 1.5 line heights split it, narrower ones do not.
 *
 * @module
 */
import { rectAtAngle } from './min_area_rect.ts'
import { cornersOf, type TextBox } from './box.ts'
import type { Picture } from './types.ts'

/** Gap, in line heights, from which on two pieces are two lines. */
export const maxGap = 1.5

/** Joins pieces of one line: same direction, same baseline, like heights, a gap below the limit. */
export function mergeRuns(boxes: readonly TextBox[], limit: number = maxGap): TextBox[] {
  const merged = boxes.toSorted((a, b) => a.cx - b.cx)
  let before: number
  do {
    before = merged.length
    for (let i = 0; i < merged.length; i++) {
      for (let j = i + 1; j < merged.length; j++) {
        if (!sameRun(merged[i]!, merged[j]!, limit)) continue
        const union = unionOf(merged[i]!, merged[j]!)
        // A union that would swallow a third line means that the two were no neighbours.
        if (merged.some((box, k) => k !== i && k !== j && holds(union, box))) continue
        merged[i] = union
        merged.splice(j, 1)
        // The grown box may reach what the smaller one did not.
        j = i
      }
    }
  } while (merged.length < before)
  return merged
}

function sameRun(a: TextBox, b: TextBox, limit: number): boolean {
  const small = Math.min(a.height, b.height)
  const large = Math.max(a.height, b.height)
  const reach = Math.hypot(a.cx - b.cx, a.cy - b.cy)
  // Cheapest first: most pairs are far apart.
  if (reach > (a.width + b.width) / 2 + (limit + 1) * large) return false
  if (large > 1.7 * small) return false
  const long = a.width >= b.width ? a : b
  const short = long === a ? b : a
  const turn = Math.abs(a.angle - b.angle)
  if (turn > (short.width > 3 * short.height ? 0.07 : 0.35)) return false
  const dx = short.cx - long.cx
  const dy = short.cy - long.cy
  const cos = Math.cos(long.angle)
  const sin = Math.sin(long.angle)
  const along = Math.abs(dx * cos + dy * sin)
  const across = Math.abs(dy * cos - dx * sin)
  if (across > 0.35 * small) return false
  return along - (a.width + b.width) / 2 <= limit * ((a.height + b.height) / 2)
}

function unionOf(a: TextBox, b: TextBox): TextBox {
  const points = [...cornersOf(a), ...cornersOf(b)]
  const left = a.cx * Math.cos(a.angle) + a.cy * Math.sin(a.angle) <
      b.cx * Math.cos(a.angle) + b.cy * Math.sin(a.angle)
    ? a
    : b
  const right = left === a ? b : a
  const total = a.width + b.width
  const mean = (a.angle * a.width + b.angle * b.width) / total
  // Far centres tell the direction better than two short pieces do.
  const far = Math.hypot(a.cx - b.cx, a.cy - b.cy) > 2 * Math.max(a.height, b.height)
  const angle = far ? Math.atan2(right.cy - left.cy, right.cx - left.cx) : mean
  const union = rectAtAngle(points, Math.abs(angle - mean) < 0.1 ? angle : mean)
  // Tilted corners stick out of the union: a line is as tall as its pieces are.
  const height = Math.max(a.height, b.height)
  return { ...union, height: Math.min(union.height, height * 1.15) }
}

function holds(outer: TextBox, inner: TextBox): boolean {
  const dx = inner.cx - outer.cx
  const dy = inner.cy - outer.cy
  const cos = Math.cos(outer.angle)
  const sin = Math.sin(outer.angle)
  return Math.abs(dx * cos + dy * sin) < outer.width / 2 &&
    Math.abs(dy * cos - dx * sin) < outer.height / 2
}

/**
 * Stretches of an upright crop that hold ink, as `[from, to)` columns, where gaps between them
 * exceed `limit` line heights. One stretch, the whole crop, where there is no such gap.
 *
 * Ink shows as contrast within a column: the range of brightness over the middle rows, against
 * the quietest and the liveliest columns of the same crop.
 *
 * @param lineHeight in pixels of the crop
 */
export function inkedStretches(
  crop: Picture,
  lineHeight: number,
  limit: number = maxGap,
): [from: number, to: number][] {
  const whole: [number, number][] = [[0, crop.width]]
  const minGap = Math.ceil(limit * lineHeight)
  if (crop.width < minGap + 2) return whole
  const contrast = columnContrast(crop)
  const ranked = Float32Array.from(contrast).sort()
  const quiet = ranked[Math.floor(ranked.length * 0.03)]!
  const lively = ranked[Math.floor(ranked.length * 0.9)]!
  // Too little contrast to tell ink from noise.
  if (lively - quiet < 24) return whole
  const bar = quiet + 0.35 * (lively - quiet)
  const stretches: [number, number][] = []
  let from = -1
  let last = -1
  for (let x = 0; x < contrast.length; x++) {
    if (contrast[x]! <= bar) continue
    if (from >= 0 && x - last - 1 > minGap) {
      stretches.push([from, last + 1])
      from = x
    }
    if (from < 0) from = x
    last = x
  }
  if (from >= 0) stretches.push([from, last + 1])
  return stretches.length > 1 ? stretches : whole
}

/** Range of brightness in each column, over the middle 80 % of rows, averaged over 3 columns. */
export function columnContrast(crop: Picture): Float32Array {
  const { width, height, channels, data } = crop
  const first = Math.floor(height * 0.1)
  const end = Math.max(first + 1, Math.ceil(height * 0.9))
  const low = new Float32Array(width).fill(255)
  const high = new Float32Array(width)
  for (let y = first; y < end; y++) {
    for (let x = 0, p = y * width * channels; x < width; x++, p += channels) {
      const luma = 0.299 * data[p]! + 0.587 * data[p + 1]! + 0.114 * data[p + 2]!
      if (luma < low[x]!) low[x] = luma
      if (luma > high[x]!) high[x] = luma
    }
  }
  const range = low.map((value, x) => high[x]! - value)
  return range.map((value, x) => {
    return (value + (range[x - 1] ?? value) + (range[x + 1] ?? value)) / 3
  })
}
