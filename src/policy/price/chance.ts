/**
 * The chance that something is in time, by a logistic law: its tails are heavier than the normal law's,
 * as those of what a machine takes are.
 *
 * @module
 */
import { price } from './params.ts'

/** In steps of a 64th of a deviation: decisions ask for it by the thousand. */
const STEPS = 64
const REACH = 8
let slope = NaN
const table = new Float64Array(2 * REACH * STEPS + 1)

/** @param spareMs time that is left over in the mean @param variance of that, in ms² */
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
