/**
 * How many items a variant hands to each child task: the pipeline file's number, corrected by what
 * was seen while serving.
 *
 * @module
 */
import type { VariantShape } from './shape.ts'

export interface FanOut {
  /** An item was served and handed on `count` items to the child task at this position of `next`. */
  saw(variant: VariantShape, child: number, count: number): void
  /** Mean items for the child task at this position of `next`, per item. */
  mean(variant: VariantShape, child: number): number
}

/** The file's number counts as so many items seen; newer items weigh more after as many again. */
const PRIOR_ITEMS = 10
const WINDOW_ITEMS = 100

export function createFanOut(): FanOut {
  const seen = new Map<VariantShape, { items: number; mean: number }[]>()
  return {
    saw(variant, child, count) {
      let rows = seen.get(variant)
      if (rows === undefined) {
        rows = variant.fanOut.map((mean) => ({ items: PRIOR_ITEMS, mean }))
        seen.set(variant, rows)
      }
      const row = rows[child]
      if (row === undefined) return
      row.items = Math.min(row.items + 1, WINDOW_ITEMS)
      row.mean += (count - row.mean) / row.items
    },
    mean: (variant, child) => seen.get(variant)?.[child]?.mean ?? variant.fanOut[child] ?? 1,
  }
}
