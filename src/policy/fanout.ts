/**
 * How many items a variant hands to each child task: the pipeline file's number, corrected by what
 * was seen while serving.
 *
 * @module
 */
import { type FanOutMemory, publicRef } from './memory.ts'
import type { Shapes, VariantShape } from './shape.ts'

export interface FanOut {
  /** An item was served and handed on `count` items to the child task at this position of `next`. */
  saw(variant: VariantShape, child: number, count: number): void
  /** Mean items for the child task at this position of `next`, per item. */
  mean(variant: VariantShape, child: number): number
  /** A number that about nine items of ten do not exceed. */
  upper(variant: VariantShape, child: number): number
  /** What was seen, to be kept, and to be given back. */
  keep(): FanOutMemory[]
  recall(memory: readonly FanOutMemory[], shapes: Shapes): void
}

/** The file's number counts as so many items seen; newer items weigh more after as many again. */
const PRIOR_ITEMS = 10
const WINDOW_ITEMS = 100

const UPPER_DEVIATIONS = 1.3

interface Row {
  items: number
  mean: number
  variance: number
}

/** Until more is known, counts are taken to spread as Poisson's do: variance is mean. */
const priorOf = (variant: VariantShape): Row[] =>
  variant.fanOut.map((mean) => ({ items: PRIOR_ITEMS, mean, variance: mean }))

export function createFanOut(): FanOut {
  const seen = new Map<VariantShape, Row[]>()

  function rowsOf(variant: VariantShape): Row[] {
    let rows = seen.get(variant)
    if (rows === undefined) seen.set(variant, rows = priorOf(variant))
    return rows
  }

  return {
    saw(variant, child, count) {
      const row = rowsOf(variant)[child]
      if (row === undefined) return
      row.items = Math.min(row.items + 1, WINDOW_ITEMS)
      const error = count - row.mean
      row.mean += error / row.items
      row.variance += (error * error - row.variance) / row.items
    },
    mean: (variant, child) => rowsOf(variant)[child]?.mean ?? 1,
    keep: () =>
      [...seen].map(([{ ref }, rows]) => ({
        ...publicRef(ref),
        rows: rows.map((row) => ({ ...row })),
      })),
    recall(memory, shapes) {
      for (const { rows, ...ref } of memory) {
        const variant = shapes.find(ref)
        if (variant?.task.next.length === rows.length) {
          seen.set(variant, rows.map((row) => ({ ...row })))
        }
      }
    },
    upper(variant, child) {
      const row = rowsOf(variant)[child]
      return row === undefined ? 1 : row.mean + UPPER_DEVIATIONS * Math.sqrt(row.variance)
    },
  }
}
