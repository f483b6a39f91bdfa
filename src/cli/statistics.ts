/** Order statistics of measured times, and how sure a ratio is. @module */

/** The `share`-quantile, 0..1, by nearest rank; NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

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
