/**
 * Rows of tensors: along the first dimension, which is the number of items.
 *
 * @module
 */
import type { Tensor, TensorData } from '../../stages/types.ts'

export type Tensors = { [name: string]: Tensor }

/** One run of a model. */
export type Run = (feeds: Tensors) => Promise<Tensors>

/** Of a tensor, some of its rows. */
export function rowsOf({ type, dims, data }: Tensor, from: number, to: number): Tensor {
  const length = data.length / dims[0]!
  return {
    type,
    dims: [to - from, ...dims.slice(1)],
    data: data.slice(from * length, to * length),
  }
}

/** Tensors of pieces one below the other. */
export function joined(pieces: readonly Tensors[]): Tensors {
  return mapTensors(pieces[0]!, ({ type, dims, data }, name) => {
    const parts = pieces.map((piece) => piece[name]!)
    const length = parts.reduce((sum, part) => sum + part.data.length, 0)
    const made = new (data.constructor as { new (length: number): TensorData })(length)
    let at = 0
    for (const part of parts) {
      made.set(part.data as never, at)
      at += part.data.length
    }
    const rows = parts.reduce((sum, part) => sum + (part.dims[0] ?? 0), 0)
    return { type, dims: [rows, ...dims.slice(1)], data: made }
  })
}

export function mapTensors(
  tensors: Tensors,
  change: (tensor: Tensor, name: string) => Tensor,
): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, one]) => [name, change(one, name)]),
  )
}

/** So many rows in place of those it has: cut off, or filled up with zeros. */
export function resized({ type, dims, data }: Tensor, from: number, to: number): Tensor {
  const length = data.length / from * to
  const made = new (data.constructor as { new (length: number): TensorData })(length)
  made.set((length < data.length ? data.subarray(0, length) : data) as never)
  return { type, dims: [to, ...dims.slice(1)], data: made }
}
