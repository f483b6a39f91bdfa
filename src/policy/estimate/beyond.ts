/**
 * What of a deviation is more than chance makes.
 *
 * @module
 */

/** What a logarithm of a ratio says beyond so much to either side. */
export const beyond = (shown: number, chance: number): number =>
  Math.sign(shown) * Math.max(0, Math.abs(shown) - chance)
