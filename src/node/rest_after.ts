/**
 * The volunteer's share of the time: who worked rests.
 *
 * @module
 */

/** A run takes no longer: a machine that slept owes no rest for that. */
const MAX_RUN_MS = 120_000

/** The rest that a run owes. @param duty share of the time to work, 0..1 */
export const restAfterMs = (tookMs: number, duty: number): number =>
  Math.min(tookMs, MAX_RUN_MS) * (1 / duty - 1)
