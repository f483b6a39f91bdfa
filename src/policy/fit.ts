/**
 * A line through observations of which the newer weigh more: latency = fixed + perItem * batch.
 *
 * @module
 */

export interface Line {
  fixedMs: number
  perItemMs: number
}

/** Weighted sums of least squares. */
export interface Sums {
  weight: number
  x: number
  y: number
  xx: number
  xy: number
}

export const noSums = (): Sums => ({ weight: 0, x: 0, y: 0, xx: 0, xy: 0 })

/** `sums` with one more observation; `decay` fades what was there before. */
export function addTo(sums: Sums, x: number, y: number, weight: number, decay = 1): Sums {
  return {
    weight: sums.weight * decay + weight,
    x: sums.x * decay + weight * x,
    y: sums.y * decay + weight * y,
    xx: sums.xx * decay + weight * x * x,
    xy: sums.xy * decay + weight * x * y,
  }
}

/**
 * The line of least squares that neither falls with the batch nor starts below nothing: a batch is
 * never faster than a smaller one, and an empty one costs no negative time.
 */
export function lineOf(sums: Sums): Line {
  const mean = sums.y / sums.weight
  const meanX = sums.x / sums.weight
  const varX = sums.xx / sums.weight - meanX * meanX
  const slope = varX > 1e-9 ? (sums.xy / sums.weight - meanX * mean) / varX : mean / meanX
  if (slope <= 0) return { fixedMs: mean, perItemMs: 0 }
  const fixed = mean - slope * meanX
  if (fixed >= 0) return { fixedMs: fixed, perItemMs: slope }
  return { fixedMs: 0, perItemMs: sums.xy / sums.xx }
}

export const at = (line: Line, batch: number) => line.fixedMs + line.perItemMs * batch
