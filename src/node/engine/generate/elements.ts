/**
 * Elements of tensors that are copied as they are, many times a second: half floats by their bits,
 * few of them one by one.
 *
 * @module
 */
import type { TensorData } from '../../../stages/types.ts'

/** What keys and values are kept as. */
export type Elements = Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>
/** What they are read from. */
export type Source = Float32Array | Uint16Array

export const elementsFor = (kv: 'float32' | 'float16', length: number): Elements =>
  kv === 'float32' ? new Float32Array(length) : new Uint16Array(length)

/** The same memory; of half floats their bits. */
export const sourceOf = (data: TensorData): Source =>
  data instanceof Float32Array
    ? data
    : new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2)

/** Up to this number of elements a loop is faster than a view of the source. */
const FEW = 96

export function copy(from: Source, at: number, to: Source, into: number, count: number): void {
  if (count <= FEW) {
    for (let i = 0; i < count; i++) to[into + i] = from[at + i]!
  } else {
    to.set(from.subarray(at, at + count), into)
  }
}

const EXPONENT = 0x7c00
const FRACTION_BITS = 10
const FRACTION = 0x3ff
const LEAST = 2 ** -24
const BIAS = 15

/** The number that a half float is. */
export function halfValue(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1
  const exponent = (bits & EXPONENT) >> FRACTION_BITS
  const fraction = bits & FRACTION
  if (exponent === 0) return sign * fraction * LEAST
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * 2 ** (exponent - BIAS) * (1 + fraction / 1024)
}
