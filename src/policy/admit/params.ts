/**
 * Parameters of admission.
 *
 * @module
 */
export const admit = {
  /** Least and most chance to be in time that lets a query in; between them it is the price. */
  least: 0.65,
  most: 0.95,
  /** Deviation of the wait, as a share of it. */
  spread: 0.1,
  /** A variant that is being loaded is waited for if it is there after so much of the time for that. */
  loaded: 0.5,
}
