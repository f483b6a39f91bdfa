/**
 * Named tensors as what an item carries: a description, and the bytes of all of them.
 *
 * @module
 */
import {
  bytesOf,
  dataOf,
  type Datatype,
  elementsOf,
  isTensorType,
  type Tensor,
  TENSOR_TYPES,
  type TensorType,
} from './tensor.ts'

/** Each tensor begins at such a place, so that it is read without a copy. */
const ALIGNMENT = 8

export interface TensorMeta {
  tensors: { name: string; type: string; dims: number[] }[]
}

const isSize = (size: unknown) => Number.isSafeInteger(size) && Number(size) >= 0

const aligned = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT

export function packTensors(
  tensors: { readonly [name: string]: Tensor },
): { meta: TensorMeta & { [field: string]: never }; bytes: Uint8Array<ArrayBuffer> } {
  const entries = Object.entries(tensors)
  const total = entries.reduce((sum, [, { data }]) => sum + aligned(data.byteLength), 0)
  const bytes = new Uint8Array(total)
  let at = 0
  for (const [, tensor] of entries) {
    bytes.set(bytesOf(tensor), at)
    at += aligned(tensor.data.byteLength)
  }
  const meta: TensorMeta = {
    tensors: entries.map(([name, { type, dims }]) => ({ name, type, dims: [...dims] })),
  }
  return { meta: meta as TensorMeta & { [field: string]: never }, bytes }
}

/** @throws TypeError where an item carries no tensors, or not the bytes that they need */
export function unpackTensors(
  meta: { readonly [field: string]: unknown },
  bytes: Uint8Array,
): { [name: string]: Tensor } {
  const listed = meta['tensors']
  if (!Array.isArray(listed)) throw new TypeError('Cannot read tensors: the item carries none')
  const tensors: { [name: string]: Tensor } = {}
  let at = 0
  for (const { name, type, dims } of listed as TensorMeta['tensors']) {
    if (!isTensorType(type) || !Array.isArray(dims) || !dims.every(isSize)) {
      throw new TypeError(`Cannot read tensor ${name}: received ${type} [${dims}]`)
    }
    const size = elementsOf(dims) * TENSOR_TYPES[type].bytes
    if (!(size >= 0 && at + size <= bytes.byteLength)) {
      throw new TypeError(`Cannot read tensor ${name}: its bytes are not all there`)
    }
    tensors[name] = { type, dims, data: dataOf(type, bytes.subarray(at, at + size)) }
    at += aligned(size)
  }
  return tensors
}

/** A tensor in an answer. As JSON it is what the Open Inference Protocol has, without a name. */
export class TensorValue {
  constructor(
    readonly type: TensorType,
    readonly dims: readonly number[],
    readonly bytes: Uint8Array,
  ) {}

  get datatype(): Datatype {
    return TENSOR_TYPES[this.type].datatype
  }

  /** Elements as JSON has them. */
  elements(): unknown[] {
    const data: Iterable<number | bigint> = dataOf(this.type, this.bytes)
    if (this.type === 'bool') return Array.from(data, Boolean)
    if (this.type !== 'int64' && this.type !== 'uint64') return Array.from(data)
    return Array.from(data, (one) => exact(one as bigint))
  }

  toJSON() {
    return { datatype: this.datatype, shape: this.dims, data: this.elements() }
  }
}

const { rawJSON } = JSON as { rawJSON?: (text: string) => unknown }

/** Beyond 2^53 the number is written digit by digit, where the runtime is able to. */
function exact(value: bigint): unknown {
  const number = Number(value)
  return Number.isSafeInteger(number) || rawJSON === undefined ? number : rawJSON(String(value))
}
