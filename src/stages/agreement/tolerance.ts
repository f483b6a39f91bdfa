/**
 * How far two honest nodes may differ on the same input.
 *
 * @module
 */
export interface Tolerance {
  /** Of numbers: absolute, and as a share of the larger one. */
  absolute: number
  relative: number
  /** Of positions in a picture, in pixels, besides the relative one. */
  pixels: number
  /** Likeness of texts at the least, 0..1. */
  text: number
  /** Share of child items that only one of the two may have. */
  odd: number
  /** Mean difference of pixels of two crops, of 255. */
  shade: number
  /** Of one comparison: texts that may still be compared letter by letter; any number where absent. */
  texts?: { left: number }
}

/** One build of one engine on one input: what is left is rounding on other processors. */
const SAME: Tolerance = {
  ...{ absolute: 2e-3, relative: 2e-3, pixels: 0.6, text: 0.99, odd: 0, shade: 3 },
}
/** Another backend sums in another order: a value at a threshold may fall to the other side. */
const OTHER: Tolerance = {
  ...{ absolute: 0.01, relative: 0.01, pixels: 2, text: 0.95, odd: 0.1, shade: 8 },
}
/** Half precision, or integers, on one of them. */
const COARSE: Tolerance = {
  ...{ absolute: 0.06, relative: 0.06, pixels: 6, text: 0.8, odd: 0.25, shade: 20 },
}

/** @param precision what the variant is computed in, as `fp16`; full where it does not say */
export function toleranceOf(a: string | undefined, b: string | undefined, precision?: unknown) {
  if (a !== undefined && a === b) return SAME
  return precision === undefined || precision === 'fp32' ? OTHER : COARSE
}
