/**
 * What chance does not explain of what a batch took: more, or less, than the spread of those before it.
 *
 * @module
 */

export interface Surprise {
  /** Of the last batch: what it took for what was expected, as a logarithm; undefined for the first few. */
  readonly log: number | undefined
  /** How far chance alone brings that, as a standard deviation. */
  readonly deviation: number
  /** Relative variance as of the last batch that chance explains: one that it does not says nothing of it. */
  readonly calm: number
  /**
   * A batch ended.
   *
   * @param log of what it took for what was expected
   * @param variance with it
   */
  saw(log: number, variance: number): void
}

/** Beyond so many deviations, and this logarithm, it is no chance. */
const DEVIATIONS = 2.5
export const LEAST_SURPRISE = 0.26
/** Before so many batches what is expected is a guess. */
const ESTABLISHED = 5

export function createSurprise(variance: number): Surprise {
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
    saw(log, variance) {
      deviation = Math.max(LEAST_SURPRISE / DEVIATIONS, Math.sqrt(calm))
      last = seen++ < ESTABLISHED ? undefined : log
      if (last === undefined || Math.abs(log) <= DEVIATIONS * deviation) calm = variance
    },
  }
}
