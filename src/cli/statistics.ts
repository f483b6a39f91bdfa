/** Order statistics of measured times, and how sure a ratio is. @module */

/** What 0.07 x 100 is above 7 by, as numbers are kept. */
const ROUNDING = 1e-9

/** Quantile by nearest rank; NaN if empty. @param share 0..1 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const rank = Math.ceil(share * sorted.length - ROUNDING)
  return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1] ?? NaN
}

/** The one in the middle, or the mean of the two that are; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2
}

const Z = 1.96

/** @returns the interval that holds the true ratio in 95 of 100 cases (Wilson's score) */
export function wilson(hits: number, of: number): [number, number] {
  if (of === 0) return [0, 1]
  const share = hits / of
  const centre = share + Z * Z / (2 * of)
  const spread = Z * Math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
  const scale = 1 + Z * Z / of
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)]
}
