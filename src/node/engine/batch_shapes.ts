/**
 * Few batch sizes for an engine that compiles for shapes: a batch is filled up with zeros to the
 * next power of two, and the surplus cut off the outputs. A size that was never warmed is run in
 * pieces of those that were: compiling may take seconds, for which no query waits.
 *
 * @module
 */
import type { Model } from '../../stages/types.ts'
import { rowsOf, type Run, runFilled, runInPieces, type Tensors } from './rows.ts'

/** Batch sizes in use, up to the one that holds `most` items. */
export function batchSizes(most: number): number[] {
  const sizes: number[] = []
  for (let size = 1; size < 2 * most; size *= 2) sizes.push(size)
  return sizes
}

/** Runs `run` on a batch filled up; as it is where its inputs do not share a first dimension. */
export async function runFilledUp(feeds: Tensors, run: Run): Promise<Tensors> {
  const rows = rowsOf(feeds)
  if (rows === undefined || rows < 1) return await run(feeds)
  return await runFilled(feeds, rows, batchSizes(rows).at(-1)!, run)
}

/** `warm` compiles for whatever it is given; `run` keeps to what was warmed, if anything was. */
export function createShapedRun(run: Run): { warm: Model['run']; run: Model['run'] } {
  const warmed = new Map<string, Set<number>>()
  /** The first dimension apart, which is the batch. */
  const shapeOf = (feeds: Tensors) =>
    JSON.stringify(Object.entries(feeds).map(([name, { dims }]) => [name, dims.slice(1)]))
  return {
    warm: (feeds, exact) =>
      exact ? run(feeds) : runFilledUp(feeds, async (filled) => {
        const outputs = await run(filled)
        const rows = Object.values(filled)[0]?.dims[0] ?? 1
        const shape = shapeOf(filled)
        warmed.set(shape, (warmed.get(shape) ?? new Set()).add(rows))
        return outputs
      }),
    async run(feeds, exact) {
      if (exact) return await run(feeds)
      const rows = Object.values(feeds)[0]?.dims[0] ?? 1
      const sizes = [...warmed.get(shapeOf(feeds)) ?? []].sort((a, b) => b - a)
      const most = sizes[0] ?? rows
      if (rows <= most) return await runFilledUp(feeds, run)
      return await runInPieces(
        feeds,
        rows,
        (left) => sizes.find((size) => size <= left) ?? left,
        (piece) => runFilledUp(piece, run),
      )
    },
  }
}
