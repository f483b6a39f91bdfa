/**
 * Tensors as values: the types of elements that a model may have, shapes, and what of both is said
 * where a size may vary.
 *
 * @module
 */

import { halfBits } from './half.ts'

/** Types by the names of ONNX Runtime, with those of the Open Inference Protocol. */
export const TENSOR_TYPES = {
  float32: { bytes: 4, datatype: 'FP32' },
  float64: { bytes: 8, datatype: 'FP64' },
  float16: { bytes: 2, datatype: 'FP16' },
  int8: { bytes: 1, datatype: 'INT8' },
  uint8: { bytes: 1, datatype: 'UINT8' },
  int16: { bytes: 2, datatype: 'INT16' },
  uint16: { bytes: 2, datatype: 'UINT16' },
  int32: { bytes: 4, datatype: 'INT32' },
  uint32: { bytes: 4, datatype: 'UINT32' },
  int64: { bytes: 8, datatype: 'INT64' },
  uint64: { bytes: 8, datatype: 'UINT64' },
  bool: { bytes: 1, datatype: 'BOOL' },
} as const

export type TensorType = keyof typeof TENSOR_TYPES
export type Datatype = typeof TENSOR_TYPES[TensorType]['datatype']

export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array

/** Elements row by row. */
export interface Tensor {
  type: TensorType
  dims: readonly number[]
  data: TensorData
}

/** What is known of a tensor before it is there; -1 is a size that varies. */
export interface TensorSpec {
  type: TensorType
  shape: readonly number[]
}

interface ArrayClass {
  new (length: number): TensorData
  new (buffer: ArrayBufferLike, offset: number, length: number): TensorData
}

/** Half floats where the runtime has them, else their bits: see `half.ts`. */
const HALF = (globalThis as unknown as { Float16Array?: ArrayClass }).Float16Array ??
  Uint16Array as ArrayClass

const ARRAYS: { [type in TensorType]: ArrayClass } = {
  float32: Float32Array,
  float64: Float64Array,
  float16: HALF,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array as unknown as ArrayClass,
  uint64: BigUint64Array as unknown as ArrayClass,
  bool: Uint8Array,
}

export const isTensorType = (type: string): type is TensorType => Object.hasOwn(TENSOR_TYPES, type)

export function typeOfDatatype(datatype: string): TensorType | undefined {
  const found = Object.entries(TENSOR_TYPES).find(([, known]) => known.datatype === datatype)
  return found?.[0] as TensorType | undefined
}

export const elementsOf = (dims: readonly number[]): number =>
  dims.reduce((product, size) => product * size, 1)

/** Zeros. */
export const emptyData = (type: TensorType, length: number): TensorData => new ARRAYS[type](length)

/** So many elements of this value. */
export function filledData(type: TensorType, length: number, value: number): TensorData {
  const data = emptyData(type, length)
  if (value === 0) return data
  const isBig = data instanceof BigInt64Array || data instanceof BigUint64Array
  const isBits = type === 'float16' && data instanceof Uint16Array
  return data.fill(
    (isBig ? BigInt(value) : isBits ? halfBits(value) : value) as never,
  ) as TensorData
}

/** The bytes as elements: in place where they lie well, else a copy. */
export function dataOf(type: TensorType, bytes: Uint8Array): TensorData {
  const size = TENSOR_TYPES[type].bytes
  const own = bytes.byteOffset % size === 0 ? bytes : bytes.slice()
  return new ARRAYS[type](own.buffer, own.byteOffset, Math.floor(own.byteLength / size))
}

export const bytesOf = ({ data }: Pick<Tensor, 'data'>): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

/** Whether sizes are those, or such as, a shape says. */
export const fits = (shape: readonly number[], dims: readonly number[]): boolean =>
  shape.length === dims.length &&
  shape.every((size, i) => size === -1 || dims[i] === -1 || size === dims[i])

/** `float32 [1,-1]`, for people. */
export const specText = (type: string, shape: readonly number[]): string =>
  `${type} [${shape.join(',')}]`
