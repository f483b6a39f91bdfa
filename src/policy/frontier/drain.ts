/**
 * Draining: a queue that is longer than usual is worked off by planning with less of the capacity
 * than there is; a shorter one allows more.
 *
 * @module
 */

/** Share of the shortest SLO that the work inside may take without being worked off. */
const USUAL_BACKLOG = 0.15
const GAIN = 2
const LEAST_FACTOR = 0.6
const MOST_FACTOR = 1.3
/** Factors are told apart by so much: a mix is kept for each that was needed. */
const STEP = 0.05

/** Which factor to plan with. @param backlog work inside, in shares of the shortest SLO */
export function drainLevel(backlog: number): number {
  const factor = 1 + GAIN * (USUAL_BACKLOG - backlog)
  return Math.round(Math.min(Math.max(factor, LEAST_FACTOR), MOST_FACTOR) / STEP)
}

export const drainFactor = (level: number) => level * STEP
