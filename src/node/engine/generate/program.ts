/**
 * What the two layouts of graphs have in common: one run of rows, each with its past and its new ids.
 *
 * @module
 */
import { emptyData, type TensorType } from '../../../pipeline/tensor.ts'
import type { Tensor } from '../../../stages/types.ts'
import type { Kv } from './cache.ts'
import { halfValue } from './elements.ts'

/** A sequence as a run sees it. */
export interface Row {
  kv: Kv
  /** Of the whole sequence; those behind what `kv` holds are new. */
  ids: readonly number[]
  /** How many of the new ones the run takes. */
  count: number
}

export type Tensors = { [name: string]: Tensor }
/** Rows by their places; nothing in those that are filled up. */
export type Placed = readonly (Row | undefined)[]

export interface Program {
  /** Inputs but the pasts. */
  feeds(rows: Placed, fresh: number, past: number): Tensors
  /** Tokens before the new ones along the outputs with keys and values, and tokens of a head there. */
  lies(fresh: number, past: number): { at: number; stride: number }
  /** Of the last new token of a place. */
  logits(tensor: Tensor, place: number): Float32Array
}

/** Integers of the type that the graph takes. */
export function integers(
  type: TensorType,
  dims: readonly number[],
  length: number,
): { tensor: Tensor; set(at: number, value: number): void } {
  const data = emptyData(type, length)
  return {
    tensor: { type, dims, data },
    set: data instanceof BigInt64Array
      ? (at, value) => void (data[at] = BigInt(value))
      : (at, value) => void (data[at] = value),
  }
}

/** So many numbers of a tensor of floats. */
export function numbersAt({ data }: Tensor, at: number, count: number): Float32Array {
  if (data instanceof Float32Array) return data.subarray(at, at + count)
  const own = data.subarray(at, at + count)
  return own instanceof Uint16Array
    ? Float32Array.from(own, halfValue)
    : Float32Array.from(own as unknown as ArrayLike<number>)
}
