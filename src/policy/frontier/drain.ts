/**
 * Draining: a queue that is longer than usual is worked off by planning with less of the capacity
 * than there is; a shorter one allows more.
 *
 * @module
 */

/**
 * Queries bring their work at once, and chance makes a queue of them: so many deviations of what
 * arrives within an SLO are usual. That is the more of an SLO the fewer queries fill the pool.
 */
const USUAL = 1.2
/** With fewer queries than this chance is no measure. */
const LEAST_QUERIES = 16
const GAIN = 2
const LEAST_FACTOR = 0.6
const MOST_FACTOR = 1.3
/** Factors are told apart by so much: a mix is kept for each that was needed. */
const STEP = 0.05

/**
 * Which factor to plan with.
 *
 * @param backlog work inside, in shares of the shortest SLO
 * @param queries that arrive within that
 */
export function drainLevel(backlog: number, queries: number): number {
  const usual = USUAL / Math.sqrt(Math.max(queries, LEAST_QUERIES))
  const factor = 1 + GAIN * (usual - backlog)
  return Math.round(Math.min(Math.max(factor, LEAST_FACTOR), MOST_FACTOR) / STEP)
}

export const drainFactor = (level: number) => level * STEP
