/**
 * Draining: a queue that is longer than usual is worked off by planning with less of the capacity
 * than there is; a shorter one allows more. A mix that swings costs accuracy, and so does a queue
 * that runs empty or makes queries late: with a gain of 1 a queue that is too long by a tenth of an
 * SLO is worked off in about one. Towards an empty queue it is steeper: slots that have nothing to do
 * waste their time, and what is more accurate than it would have to be does no harm.
 *
 * @module
 */

/** Share of its SLO that what waits may take without being worked off. */
export const USUAL_QUEUE = 0.1
const GAIN = 1
/** Below what is usual. */
const GAIN_SHORT = 3
const LEAST_FACTOR = 0.6
const MOST_FACTOR = 1.3
/** Factors are told apart by so much: a mix is kept for each that was needed. */
const STEP = 0.02

/** Which factor to plan with. @param queue what is to come, in shares of SLOs */
export function drainLevel(queue: number): number {
  const missing = USUAL_QUEUE - queue
  const factor = 1 + (missing > 0 ? GAIN_SHORT : GAIN) * missing
  return Math.round(Math.min(Math.max(factor, LEAST_FACTOR), MOST_FACTOR) / STEP)
}

export const drainFactor = (level: number) => level * STEP

/** Below this factor the queue comes first: who has had its share waits for those who have not. */
const DRAINING = 0.93

export const isDraining = (level: number) => drainFactor(level) < DRAINING
