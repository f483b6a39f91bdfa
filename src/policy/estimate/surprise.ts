/**
 * What chance does not explain of what a batch took: more, or less, than the spread of those before it.
 * Of what was measured the first batch may be one, if it is far from that: nodes that were measured at
 * rest and are held up by something else when the first work comes would each have to find it out for
 * each variant.
 *
 * @module
 */

export interface Surprise {
  /**
   * Of the last batch: what it took for what was expected, as a logarithm, beyond what that is in the
   * mean; undefined for the first few where what was expected is a guess.
   */
  readonly log: number | undefined
  /** How far chance alone brings that, as a standard deviation. */
  readonly deviation: number
  /** Relative variance as of the last batch that chance explains: one that it does not says nothing of it. */
  readonly calm: number
  /**
   * A batch ended.
   *
   * @param took for what was expected, as a logarithm
   * @param variance with it
   */
  saw(took: number, variance: number): void
}

/** Beyond so many deviations, and this logarithm, it is no chance. */
const DEVIATIONS = 2.5
export const LEAST_SURPRISE = 0.26
/** Before so many batches what is expected is a guess. */
const ESTABLISHED = 5
/** What was measured at rest may be so far from what real batches take. */
const FIRST_DEVIATION = 0.35

export function createSurprise(variance: number, isMeasured = false): Surprise {
  let calm = variance
  let last: number | undefined
  let deviation = 0
  let seen = 0
  return {
    get log() {
      return last
    },
    get deviation() {
      return deviation
    },
    get calm() {
      return calm
    },
    saw(took, variance) {
      // Where they vary most take less than the mean: of a lognormal the median is so far below it.
      const log = took + Math.log1p(calm) / 2
      deviation = Math.max(LEAST_SURPRISE / DEVIATIONS, Math.sqrt(calm))
      const isNew = seen++ < ESTABLISHED
      if (isNew && isMeasured) deviation = Math.hypot(deviation, FIRST_DEVIATION)
      last = isNew && !isMeasured ? undefined : log
      if (last === undefined || Math.abs(log) <= DEVIATIONS * deviation) calm = variance
    },
  }
}
