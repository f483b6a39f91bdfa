/**
 * What chance does not explain of what a batch took: more, or less, than the spread of those before it.
 *
 * @module
 */

/** Beyond so many deviations, and this logarithm. */
const DEVIATIONS = 2.5
export const LEAST_SURPRISE = 0.26
/** Before so many batches what is expected is a guess. */
const ESTABLISHED = 5

export interface Surprise {
  /** Of the last batch, as a logarithm: 0 where chance explains it, undefined for the first few. */
  readonly last: number | undefined
  /** Relative variance as of the last batch that was no surprise: one that is says nothing of chance. */
  readonly calm: number
  /**
   * A batch ended.
   *
   * @param log of what it took for what was expected
   * @param variance with it
   */
  saw(log: number, variance: number): void
}

export function createSurprise(variance: number): Surprise {
  let calm = variance
  let last: number | undefined
  let seen = 0
  return {
    get last() {
      return last
    },
    get calm() {
      return calm
    },
    saw(log, variance) {
      const chance = Math.max(LEAST_SURPRISE, DEVIATIONS * Math.sqrt(calm))
      last = seen++ < ESTABLISHED ? undefined : Math.abs(log) > chance ? log : 0
      if (!last) calm = variance
    },
  }
}
