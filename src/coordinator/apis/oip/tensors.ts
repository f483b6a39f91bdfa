/**
 * Tensors of the Open Inference Protocol: as JSON, and as the bytes of its binary extension, which
 * are little-endian, row by row, without gaps; a `BYTES` element is its length in four bytes, then
 * itself.
 *
 * @module
 */

import type { Datatype as Numbers } from '../../../pipeline/tensor.ts'

/** Element types that Shoal's models have. */
export type Datatype = 'BYTES' | Numbers

/** Every element type of the protocol, so that a strange one is told from a wrong one. */
export const DATATYPES = [
  ...['BOOL', 'UINT8', 'UINT16', 'UINT32', 'UINT64', 'INT8', 'INT16', 'INT32', 'INT64'],
  ...['FP16', 'FP32', 'FP64', 'BYTES'],
]

/** Elements row by row: texts of `BYTES`, numbers of the others. */
export interface Tensor {
  name: string
  datatype: Datatype
  shape: number[]
  /** As JSON has them. */
  data: unknown[]
  /** The same as bytes, part by part, where they are at hand. */
  bytes?: readonly Uint8Array[]
}

export function encodeTensor({ datatype, data, bytes }: Tensor): Uint8Array<ArrayBuffer> {
  if (bytes !== undefined) return joined(bytes)
  if (datatype === 'BYTES') return encodeBytes(data.map((one) => TEXT.encode(String(one))))
  const out = new Uint8Array(4 * data.length)
  const view = new DataView(out.buffer)
  data.forEach((one, i) => {
    if (datatype === 'FP32') view.setFloat32(4 * i, Number(one), true)
    else view.setInt32(4 * i, Number(one), true)
  })
  return out
}

const TEXT = new TextEncoder()

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.byteLength
  }
  return out
}

function encodeBytes(elements: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(elements.reduce((sum, { byteLength }) => sum + 4 + byteLength, 0))
  const view = new DataView(out.buffer)
  let at = 0
  for (const element of elements) {
    view.setUint32(at, element.byteLength, true)
    out.set(element, at + 4)
    at += 4 + element.byteLength
  }
  return out
}

/**
 * Elements of a `BYTES` tensor, as views; no more than one over `most` are looked at. `undefined`
 * where lengths do not add up.
 */
export function decodeBytes(bytes: Uint8Array, most: number): Uint8Array[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const elements: Uint8Array[] = []
  let at = 0
  while (at < bytes.byteLength && elements.length <= most) {
    if (at + 4 > bytes.byteLength) return undefined
    const end = at + 4 + view.getUint32(at, true)
    if (end > bytes.byteLength) return undefined
    elements.push(bytes.subarray(at + 4, end))
    at = end
  }
  return elements
}
