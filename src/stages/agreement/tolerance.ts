/**
 * How far two honest nodes may differ on the same input.
 *
 * @module
 */
export interface Tolerance {
  /** Of numbers: absolute, and as a share of the larger one. In a tensor, of its usual size. */
  absolute: number
  relative: number
  /** Of corners, in pixels of a picture of 1,000 a side; more in a larger one. */
  pixels: number
  /** Share of a text's characters that may be others, none of them in a number. */
  letters: number
  /** Share of the whole numbers of a tensor that may be others. */
  odd: number
  /** Of one comparison: texts that may still be compared letter by letter; any number where absent. */
  texts?: { left: number }
}

/** One build of one engine on one input: only rounding on other processors differs. */
const SAME: Tolerance = {
  absolute: 2e-3,
  relative: 2e-3,
  pixels: 0.6,
  letters: 0,
  odd: 0,
}
/**
 * Another backend sums in another order. Of 567 lines that `wasm`, `native` and `webgpu` found and
 * read none was another, and no confidence by more than 0.0001.
 */
const OTHER: Tolerance = {
  absolute: 0.01,
  relative: 0.01,
  pixels: 2,
  letters: 0,
  odd: 0.01,
}
/** Half precision, or integers, on one of them. */
const COARSE: Tolerance = {
  absolute: 0.06,
  relative: 0.06,
  pixels: 6,
  letters: 0.05,
  odd: 0.05,
}

/** @param precision what the variant is computed in, as `fp16`; full where it does not say */
export function toleranceOf(a: string | undefined, b: string | undefined, precision?: unknown) {
  if (a !== undefined && a === b) return SAME
  return precision === undefined || precision === 'fp32' ? OTHER : COARSE
}
