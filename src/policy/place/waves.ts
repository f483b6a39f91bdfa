/**
 * Slots that load at one time: more are sooner done, and leave less to serve with meanwhile.
 *
 * @module
 */
import type { Kind } from './given.ts'
import { changed, type Holdings } from './holdings.ts'

/** Slots that are to hold something else. */
export interface Step {
  from: Kind
  to: Kind
  slots: number
}

/** Of a slot that loads so much is left. */
const LOADING = 0.5
/** Values closer than this are the same. */
const SAME = 1e-6

export const loading = (holdings: Holdings, { from, slots }: Step): Holdings =>
  changed(holdings, from, -LOADING * slots)

export const moved = (holdings: Holdings, { from, to, slots }: Step): Holdings =>
  changed(changed(holdings, from, -slots), to, slots)

/** How many together serve best until all are done, counted until they would be one after another. */
export function bestWave(
  start: Holdings,
  steps: readonly Step[],
  most: number,
  value: (holdings: Holdings) => number,
): number {
  let best = { together: 1, sum: -Infinity }
  for (let together = 1; together <= Math.min(most, steps.length); together++) {
    let done = start
    let sum = 0
    let waves = 0
    for (let i = 0; i < steps.length; i += together, waves++) {
      const wave = steps.slice(i, i + together)
      sum += value(wave.reduce(loading, done))
      done = wave.reduce(moved, done)
    }
    sum += (steps.length - waves) * value(done)
    if (sum > best.sum + SAME) best = { together, sum }
  }
  return best.together
}
