/**
 * Parameters of admission.
 *
 * @module
 */
export const admit = {
  /**
   * Least and most chance to be in time that lets a query in; between them it is the price. With 0.5 a burst
   * has one of thirty let in and lost.
   */
  least: 0.65,
  most: 0.95,
  /** The least where nobody is inside. */
  alone: 0.5,
  /** Deviation of the wait, as a share of it. */
  spread: 0.15,
  /**
   * A deadline test holds for such a share of the shortest SLO, and so many ms for each query inside, as it
   * takes a tenth of that; queries that are let in since are added.
   */
  holds: 0.02,
  holdsPerQueryMs: 0.005,
  /** A variant that is being loaded is waited for if it is there after so much of the time for that. */
  loaded: 0.5,
}
