/**
 * Half floats by their bits (IEEE 754 binary16), for runtimes that have no array of such numbers.
 *
 * @module
 */

const SIGN = 0x8000
/** Infinity, beyond what can be rounded to the largest number, 65504. */
const INFINITE = 0x7c00
const FIRST_INFINITE = 65_520
const FRACTION_BITS = 10
/** Smaller numbers share its steps. */
const LEAST_EXPONENT = -14

/** The nearest half float, of two as near the even one. */
export function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? SIGN : 0
  const size = Math.abs(value)
  if (!(size < FIRST_INFINITE)) return sign | INFINITE
  const exponent = Math.max(Math.floor(Math.log2(size)), LEAST_EXPONENT)
  const steps = size / 2 ** (exponent - FRACTION_BITS)
  const low = Math.floor(steps)
  const isUp = steps - low > 0.5 || steps - low === 0.5 && low % 2 === 1
  return sign | ((exponent - LEAST_EXPONENT) * 2 ** FRACTION_BITS + low + Number(isUp))
}

/** Whole numbers that are in the order of the half floats with these bits. */
export const halfOrder = (bits: number): number => (bits & SIGN) === 0 ? bits : SIGN - bits
