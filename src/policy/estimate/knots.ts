/**
 * Where a batch size stands between those that latency is corrected at: each power of two.
 *
 * @module
 */

/** Corrections are kept for batches around each power of two, up to 2^6. */
export const KNOTS = 7
/** Sizes below this are looked up. */
export const CACHED = 65

/** Of a batch: its place between the knots. */
const findKnot = (batch: number) => Math.min(Math.max(Math.log2(batch), 0), KNOTS - 1)
/** Asked for one batch, many nodes in turn: logarithms are dear. */
let askedOf = 1
let asked = 0
export function knotOf(batch: number): number {
  if (batch !== askedOf) {
    askedOf = batch
    asked = findKnot(batch)
  }
  return asked
}

/** A mean of batches is a fraction, and looking that up in an array is slow. */
export const isUsual = (batch: number) => batch < CACHED && Number.isInteger(batch)
/** Of usual batches: the knots below and above, and how far it is beyond the lower one. */
export const LOW = Uint8Array.from({ length: CACHED }, (_, batch) => Math.floor(findKnot(batch)))
export const HIGH = LOW.map((low) => Math.min(low + 1, KNOTS - 1))
export const BEYOND = Float64Array.from(LOW, (low, batch) => findKnot(batch) - low)
