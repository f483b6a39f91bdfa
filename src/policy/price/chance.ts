/**
 * The chance to be in time, by a logistic law: its tails are heavier than the normal law's, as the tails
 * of measured latencies are.
 *
 * @module
 */
import { price } from './params.ts'

/** Table steps per deviation, and its half-width in deviations: decisions read it by the thousand. */
const STEPS = 64
const REACH = 8
let slope = NaN
const table = new Float64Array(2 * REACH * STEPS + 1)

/** @param spareMs mean time left over @param variance variance of that time, in ms² */
export function chanceOf(spareMs: number, variance: number): number {
  if (slope !== price.slope) {
    slope = price.slope
    for (let i = 0; i < table.length; i++) {
      table[i] = 1 / (1 + Math.exp(-slope * (i / STEPS - REACH)))
    }
  }
  const z = spareMs / Math.sqrt(variance)
  return z >= REACH ? 1 : z <= -REACH ? 0 : table[Math.round((z + REACH) * STEPS)]!
}
