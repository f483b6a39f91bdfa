/**
 * Models that take a fixed number of items, mostly one, as many exporters write them unless told
 * otherwise: the engine refuses any other. A batch is run in pieces of that size, the last of them
 * filled up with zeros.
 *
 * @module
 */
import type { Model } from '../../stages/types.ts'
import { rowsOf, type Run, runFilled, runInPieces } from './rows.ts'

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
    const given = rowsOf(feeds)
    if (exact || given === undefined || given === rows) return await run(feeds)
    return await runInPieces(
      feeds,
      given,
      (left) => Math.min(rows, left),
      (piece, own) => runFilled(piece, own, rows, run),
    )
  }
}
