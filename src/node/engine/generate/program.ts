/**
 * What the two layouts of graphs have in common: one run of rows, each with its past and its new ids.
 *
 * @module
 */
import { elementsOf, emptyData, type TensorType } from '../../../pipeline/tensor.ts'
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

/** Integers of the type that the graph takes, none of them negative. */
export class Integers {
  readonly tensor: Tensor
  readonly #words: Int32Array
  readonly #step: number

  constructor(type: TensorType, dims: readonly number[]) {
    const data = emptyData(type, elementsOf(dims))
    this.tensor = { type, dims, data }
    // Large integers are written by their lower halves, which come first wherever WebAssembly runs: a
    // bigint would be made for each.
    this.#words = new Int32Array(data.buffer)
    this.#step = data instanceof BigInt64Array ? 2 : 1
  }

  set(at: number, value: number): void {
    this.#words[at * this.#step] = value
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
