/**
 * How much the load may rise within 10 s: of what it did before, with no training. The artifact has a
 * small recurrent network here, trained on other days of the same trace.
 *
 * @module
 */

const AHEAD_MS = 10_000

export interface Forecast {
  /** Once a step: what arrived in the last second. */
  see(perS: number): void
  /** How likely the most of the next 10 s is above this, 0..1; 0 while nothing is known. */
  above(perS: number): number
  /** The most of the next 10 s that half of the times is not exceeded. */
  next(): number
}

export function createForecast(everyMs: number): Forecast {
  const ahead = Math.ceil(AHEAD_MS / everyMs)
  const recent: number[] = []
  /** The most of 10 s at each of the last steps, the oldest first. */
  const peaks: number[] = []
  /** The most of 10 s as a multiple of the most of the 10 s before. */
  const ratios: number[] = []
  return {
    see(perS) {
      recent.push(perS)
      if (recent.length > ahead) recent.shift()
      peaks.push(Math.max(...recent))
      if (peaks.length <= ahead) return
      const before = peaks.shift()!
      if (before > 0) ratios.push(peaks.at(-1)! / before)
    },
    above(perS) {
      const now = peaks.at(-1) ?? 0
      const higher = ratios.filter((ratio) => ratio * now > perS).length
      return ratios.length === 0 ? 0 : higher / ratios.length
    },
    next() {
      const sorted = [...ratios].sort((a, b) => a - b)
      return (peaks.at(-1) ?? 0) * (sorted[sorted.length >> 1] ?? 1)
    },
  }
}
