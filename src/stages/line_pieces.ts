/**
 * Cutting a long line where no letter stands, into pieces that a recogniser can take in.
 *
 * @module
 */
import type { Picture } from './types.ts'
import { columnContrast } from './visual_runs.ts'

/** A line may be squeezed to this share of its width before it is cut: reading stands that much. */
export const maxSqueeze = 0.8

/** What would make more, as a picture of one row of pixels, is no line: it is squeezed. */
const MOST_PIECES = 64

/**
 * Columns `[from, to)` of the pieces of a crop, left to right.
 *
 * @param capacity widest piece, in line heights, that the recogniser takes without squeezing
 */
export function linePieces(crop: Picture, capacity: number): [from: number, to: number][] {
  const { width, height } = crop
  const widest = capacity * height / maxSqueeze
  if (width <= widest) return [[0, width]]
  const count = Math.min(MOST_PIECES, Math.ceil(width / (capacity * height * 0.95)))
  const contrast = columnContrast(crop)
  const cuts = [0]
  for (let i = 1; i < count; i++) {
    const aim = Math.round(width * i / count)
    cuts.push(
      quietest(contrast, aim, Math.round(Math.min(width / count / 2.5, height * 3)), height),
    )
  }
  cuts.push(width)
  return cuts.slice(1).map((to, i) => [cuts[i]!, to])
}

/** The column near `aim` around which least ink stands, over a window as wide as a word gap. */
function quietest(contrast: Float32Array, aim: number, reach: number, height: number): number {
  const half = Math.max(1, Math.round(height * 0.12))
  let best = aim
  let least = Infinity
  for (let x = Math.max(half, aim - reach); x <= aim + reach && x + half < contrast.length; x++) {
    let sum = 0
    for (let k = x - half; k <= x + half; k++) sum += contrast[k]!
    // A slight pull to the middle decides between equals.
    sum = sum / (2 * half + 1) + 6 * Math.abs(x - aim) / reach
    if (sum < least) {
      least = sum
      best = x
    }
  }
  return best
}
