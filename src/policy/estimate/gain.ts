/**
 * How much one batch moves what is thought of its variant. Where batches are much alike each is heeded
 * in full, so that a node that gets slower is known to be within a few. Where they vary a lot that
 * would be to follow chance: what is thought strays by a quarter of their spread then, variants that
 * chance made look quick are chosen, and slots that are alike are taken for unlike ones. So there a
 * batch moves it less, unless those of late were off to one side: that is no chance, but a change.
 *
 * That the mean of errors tells a change from chance is the tracking signal of D. W. Trigg and A. G.
 * Leach, "Exponential Smoothing with an Adaptive Response Rate", Operational Research Quarterly 18
 * (1967).
 *
 * @module
 */

/** The least weight of a batch where they are much alike, or what is thought is off. */
const LEAST_WEIGHT = 0.15
/** They are where they spread by less, as a relative deviation. */
const ALIKE = 0.2
/** Sizes of batches differ from what is thought of all by about so much. */
const BEND = 0.3
/** Of an error, in the mean of those of late; and the variance of that mean, for one of an error. */
const ERROR_WEIGHT = 0.1
const BY_CHANCE = ERROR_WEIGHT / (2 - ERROR_WEIGHT)
/** Beyond so many times that variance it begins to be no chance, and is certainly none. */
const MAYBE = 1
const SURELY = 4

/** A class, as `Model` of `profile/latency_model.ts`: there is one for each. */
export class Gain {
  /** Of all batches but the first few, which count for more. */
  least = LEAST_WEIGHT
  /** What is thought of all sizes counts as so many batches of one size; 1 where batches are alike. */
  doubt = 1
  private error = 0

  /** @param variance of batches of late, relative, without what chance does not explain */
  heed(variance: number): void {
    const alike = Math.min(1, ALIKE * ALIKE / variance)
    const off = this.error * this.error / (BY_CHANCE * variance)
    const changed = Math.min(Math.max((off - MAYBE) / (SURELY - MAYBE), 0), 1)
    this.least = LEAST_WEIGHT * (alike + (1 - alike) * changed)
    this.doubt = Math.max(1, variance / (BEND * BEND))
  }

  /** @param error what a batch took beyond what was expected, as a share of that */
  saw(error: number): void {
    this.error += ERROR_WEIGHT * (error - this.error)
  }
}
