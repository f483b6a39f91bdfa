/** @module What a query brings: a picture, or tensors. */
import { type Picture, typed } from './picture.ts'

/** Types of elements, by the names of the Open Inference Protocol. */
export type Datatype =
  | 'FP16'
  | 'FP32'
  | 'FP64'
  | 'INT8'
  | 'INT16'
  | 'INT32'
  | 'INT64'
  | 'UINT8'
  | 'UINT16'
  | 'UINT32'
  | 'UINT64'
  | 'BOOL'

/** One input of a pipeline that takes tensors. */
export interface TensorInput {
  name: string
  /** `FP16` has no form in JSON: it is for `/v2`, as binary data. */
  datatype: Exclude<Datatype, 'FP16'>
  shape: readonly number[]
  /** Elements row by row; typed arrays will do. */
  data: ArrayLike<number | boolean>
}

/** A tensor in `outputs`; its elements are truth values where it is `BOOL`. */
export interface TensorOutput<Element = number> {
  datatype: Datatype
  shape: number[]
  data: Element[]
}

/** Each input of the pipeline once; `GET /v2/models/NAME` tells which those are. */
export interface TensorQuery {
  inputs: readonly TensorInput[]
}

export type Query = Picture | TensorQuery

const isTensors = (query: Query): query is TensorQuery =>
  typeof query === 'object' && query !== null && 'inputs' in query

/** As it is sent, with its media type. @throws TypeError for what is no query */
export async function bodyOf(query: Query): Promise<Blob> {
  if (!isTensors(query)) return await typed(query)
  // Typed arrays are objects in JSON.
  const inputs = query.inputs.map((input) => ({ ...input, data: Array.from(input.data) }))
  return new Blob([JSON.stringify({ inputs })], { type: 'application/json' })
}
