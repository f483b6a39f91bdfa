/**
 * Models that take a fixed number of items, mostly one, as many exporters write them unless told
 * otherwise: the engine refuses any other. A batch is run in pieces of that size, the last of them
 * filled up with zeros.
 *
 * @module
 */
import type { Model } from '../../stages/types.ts'
import { joined, mapTensors, resized, rowsOf, type Run, type Tensors } from './rows.ts'

/** As ONNX Runtime tells of a model's inputs; a name is a size that varies. */
type Input = { readonly isTensor: false } | {
  readonly isTensor: true
  readonly shape: readonly (number | string)[]
}

/** The first size of all inputs, where it is fixed and the same; else undefined. */
export function fixedRows(inputs: readonly Input[]): number | undefined {
  const [rows, ...others] = new Set(inputs.map((one) => one.isTensor ? one.shape[0] : undefined))
  return others.length === 0 && typeof rows === 'number' && rows > 0 ? rows : undefined
}

export function createFixedRun(run: Run, rows: number): Model['run'] {
  return async (feeds, exact) => {
    const [given, ...others] = new Set(Object.values(feeds).map(({ dims }) => dims[0]))
    if (exact || given === undefined || given === rows || others.length > 0) return await run(feeds)
    const pieces: Tensors[] = []
    for (let from = 0; from < given; from += rows) {
      const left = Math.min(rows, given - from)
      const piece = mapTensors(feeds, (tensor) => rowsOf(tensor, from, from + left))
      pieces.push(await runWhole(piece, left))
    }
    return joined(pieces)
  }

  async function runWhole(piece: Tensors, left: number): Promise<Tensors> {
    if (left === rows) return await run(piece)
    const outputs = await run(mapTensors(piece, (tensor) => resized(tensor, left, rows)))
    return mapTensors(
      outputs,
      (tensor) => tensor.dims[0] === rows ? resized(tensor, rows, left) : tensor,
    )
  }
}
