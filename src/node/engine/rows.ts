/**
 * Rows of a batch: along the first dimension, which is the number of items.
 *
 * @module
 */
import { applyStep, rowRange, stacked } from '../../stages/tensors/steps.ts'
import type { Tensor, TensorData } from '../../stages/types.ts'

export type Tensors = { [name: string]: Tensor }

/** One run of a model. */
export type Run = (feeds: Tensors) => Promise<Tensors>

/** The first dimension of all feeds; undefined where they do not share one. */
export function rowsOf(feeds: Tensors): number | undefined {
  const [rows, ...others] = new Set(Object.values(feeds).map(({ dims }) => dims[0]))
  return others.length === 0 ? rows : undefined
}

/** Runs so many rows filled up with zeros to `filled`, and cuts the surplus off the outputs. */
export async function runFilled(
  feeds: Tensors,
  rows: number,
  filled: number,
  run: Run,
): Promise<Tensors> {
  if (filled === rows) return await run(feeds)
  const outputs = await run(mapTensors(feeds, (tensor) => resized(tensor, rows, filled)))
  return mapTensors(
    outputs,
    (tensor) => tensor.dims[0] === filled ? resized(tensor, filled, rows) : tensor,
  )
}

/** @param sizeOf how many rows the next piece has, of those that are left */
export async function runInPieces(
  feeds: Tensors,
  rows: number,
  sizeOf: (left: number) => number,
  run: (piece: Tensors, rows: number) => Promise<Tensors>,
): Promise<Tensors> {
  const pieces: Tensors[] = []
  for (let from = 0; from < rows;) {
    const size = sizeOf(rows - from)
    const piece = mapTensors(feeds, (tensor) => rowRange(tensor, from, from + size))
    pieces.push(await run(piece, size))
    from += size
  }
  return mapTensors(pieces[0]!, (_, name) => stacked(evened(pieces.map((piece) => piece[name]!))))
}

function mapTensors(tensors: Tensors, change: (tensor: Tensor, name: string) => Tensor): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, one]) => [name, change(one, name)]),
  )
}

/** As large as the largest beside the rows, filled up with zeros: each piece may find another number. */
function evened(tensors: readonly Tensor[]): Tensor[] {
  const most = tensors.reduce<readonly number[]>(
    (sizes, { dims }) => sizes.map((size, axis) => Math.max(size, dims[axis]!)),
    tensors[0]!.dims,
  )
  return tensors.map((tensor) =>
    most.reduce(
      (filled, to, axis) =>
        axis === 0 || filled.dims[axis] === to
          ? filled
          : applyStep({ pad: { axis, to, value: 0, at: 'end' } }, filled),
      tensor,
    )
  )
}

/** So many rows in place of those it has: cut off, or filled up with zeros. */
function resized({ type, dims, data }: Tensor, from: number, to: number): Tensor {
  const length = data.length / from * to
  const made = new (data.constructor as { new (length: number): TensorData })(length)
  made.set((length < data.length ? data.subarray(0, length) : data) as never)
  return { type, dims: [to, ...dims.slice(1)], data: made }
}
