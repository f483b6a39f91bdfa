/**
 * Few batch sizes for an engine that compiles for shapes: a batch is filled up with zeros to the
 * next power of two, and the surplus cut off the outputs.
 *
 * @module
 */
import type { Tensor, TensorData } from '../../stages/types.ts'

type Tensors = { [name: string]: Tensor }

/** Batch sizes in use, up to the one that holds `most` items. */
export function batchSizes(most: number): number[] {
  const sizes: number[] = []
  for (let size = 1; size < 2 * most; size *= 2) sizes.push(size)
  return sizes
}

/** Runs `run` on a batch filled up; as it is where its inputs do not share a first dimension. */
export async function runFilledUp(
  feeds: Tensors,
  run: (feeds: Tensors) => Promise<Tensors>,
): Promise<Tensors> {
  const [rows, ...others] = new Set(Object.values(feeds).map(({ dims }) => dims[0]))
  if (rows === undefined || rows < 1 || others.length > 0) return await run(feeds)
  const filled = batchSizes(rows).at(-1)!
  if (filled === rows) return await run(feeds)
  const outputs = await run(mapTensors(feeds, (tensor) => resized(tensor, rows, filled)))
  return mapTensors(
    outputs,
    (tensor) => tensor.dims[0] === filled ? resized(tensor, filled, rows) : tensor,
  )
}

function mapTensors(tensors: Tensors, change: (tensor: Tensor) => Tensor): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, one]) => [name, change(one)]))
}

function resized({ type, dims, data }: Tensor, from: number, to: number): Tensor {
  const length = data.length / from * to
  const made = new (data.constructor as { new (length: number): TensorData })(length)
  made.set((length < data.length ? data.subarray(0, length) : data) as never)
  return { type, dims: [to, ...dims.slice(1)], data: made }
}
