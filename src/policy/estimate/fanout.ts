/**
 * How many items a variant hands to each child task: the pipeline file's number, corrected by what
 * was seen while serving. What is asked decides that for all variants of a task together: where one
 * hands on a third of what the file says, so will those that have yet to run, or their turn would
 * never come.
 *
 * @module
 */
import { beyond } from './beyond.ts'
import { type FanOutMemory, publicRef } from '../core/memory.ts'
import type { Shapes, TaskShape, VariantShape } from '../core/graph.ts'

export interface FanOut {
  /** An item was served and handed on `count` items to the child task at this position of `next`. */
  saw(variant: VariantShape, child: number, count: number): void
  /** Mean items for the child task at this position of `next`, per item. */
  mean(variant: VariantShape, child: number): number
  /** Share of items that hand nothing on to that child task. */
  none(variant: VariantShape, child: number): number
  /** A number that about nine items of ten do not exceed. */
  upper(variant: VariantShape, child: number): number
  /**
   * None of these runs, for what is known of them (see `door/doubt.ts`): where they hand on far more than
   * the file says, thinks that it is half as much.
   */
  doubt(variants: readonly VariantShape[]): void
  /** What was seen of all that is served, to be kept, and to be given back. */
  keep(shapes: Pick<Shapes, 'find' | 'variants'>): FanOutMemory[]
  recall(memory: readonly FanOutMemory[], shapes: Shapes): void
}

/** The file's number counts as so many items seen; newer items weigh more after as many again. */
const PRIOR_ITEMS = 10
const WINDOW_ITEMS = 100
/** Likewise, of all variants of a task. */
const SHARED_ITEMS = 300
/** What chance does to that, as a logarithm: no more is believed of those that did not run. */
const CHANCE = 0.1

const UPPER_DEVIATIONS = 1.3
/** So many times what the file says is far more. */
const FAR_MORE = 1.5

/** Of one variant and child task. */
interface Row {
  items: number
  mean: number
  variance: number
  /** What of the mean is still the file's number. */
  prior: number
  /** Share of items that were seen to hand nothing on, the others being the prior's. */
  none: number
}

/** Of all variants of a task, for a child: means of what was handed on, and of what the file says. */
interface Shared {
  items: number
  seen: number
  said: number
  /** What that makes of the file's numbers, less 1. */
  off: number
}

/** Until more is known, counts are taken to spread as Poisson's do: variance is mean. */
const priorOf = (variant: VariantShape): Row[] =>
  variant.fanOut.map((mean) => ({
    ...{ items: PRIOR_ITEMS, mean, variance: mean },
    ...{ prior: 1, none: 0 },
  }))

export function createFanOut(): FanOut {
  const seen = new WeakMap<VariantShape, Row[]>()
  const shared = new WeakMap<TaskShape, Shared[]>()

  function rowsOf(variant: VariantShape): Row[] {
    let rows = seen.get(variant)
    if (rows === undefined) seen.set(variant, rows = priorOf(variant))
    return rows
  }

  /** @param items how many items the number is a mean of */
  function share(variant: VariantShape, child: number, mean: number, items: number): void {
    const said = variant.fanOut[child]!
    let all = shared.get(variant.task)
    if (all === undefined) shared.set(variant.task, all = [])
    const one = all[child] ??= { items: PRIOR_ITEMS, seen: said, said, off: 0 }
    one.items = Math.min(one.items + items, SHARED_ITEMS)
    one.seen += (mean - one.seen) * items / one.items
    one.said += (said - one.said) * items / one.items
    compare(one)
  }

  function compare(one: Shared): void {
    if (!(one.said > 0)) return
    one.off = Math.expm1(beyond(Math.log(Math.max(one.seen, 1e-3) / one.said), CHANCE))
  }

  /** What is thought of so many, where the file says so many; newer items soon count for more than it. */
  function doubted(seen: { items: number }, mean: number, said: number): number {
    if (mean <= FAR_MORE * said) return mean
    seen.items = Math.min(seen.items, PRIOR_ITEMS)
    return Math.max(mean / 2, said)
  }

  /** What the file's number is too low by, for a variant, as far as it still counts. */
  function missing(variant: VariantShape, child: number, { prior }: Row): number {
    return prior * variant.fanOut[child]! * (shared.get(variant.task)?.[child]?.off ?? 0)
  }

  function mean(variant: VariantShape, child: number): number {
    const row = rowsOf(variant)[child]
    return row === undefined ? 1 : row.mean + missing(variant, child, row)
  }

  return {
    saw(variant, child, count) {
      const row = rowsOf(variant)[child]
      if (row === undefined) return
      row.items = Math.min(row.items + 1, WINDOW_ITEMS)
      const error = count - row.mean
      row.mean += error / row.items
      row.variance += (error * error - row.variance) / row.items
      row.prior -= row.prior / row.items
      row.none += ((count === 0 ? 1 : 0) - row.none) / row.items
      share(variant, child, count, 1)
    },
    mean,
    none(variant, child) {
      const row = rowsOf(variant)[child]
      return row === undefined ? 0 : row.none + row.prior * Math.exp(-mean(variant, child))
    },
    upper(variant, child) {
      const row = rowsOf(variant)[child]
      if (row === undefined) return 1
      const more = missing(variant, child, row)
      return row.mean + more + UPPER_DEVIATIONS * Math.sqrt(Math.max(0, row.variance + more))
    },
    doubt(variants) {
      for (const variant of variants) {
        for (const [child, row] of (seen.get(variant) ?? []).entries()) {
          const mean = doubted(row, row.mean, variant.fanOut[child]!)
          if (mean === row.mean) continue
          row.variance *= (mean / row.mean) ** 2
          row.mean = mean
        }
      }
      for (const task of new Set(variants.map(({ task }) => task))) {
        for (const one of shared.get(task) ?? []) {
          one.seen = doubted(one, one.seen, one.said)
          compare(one)
        }
      }
    },
    keep: (shapes) =>
      shapes.variants.flatMap((variant) => {
        const rows = shapes.find(variant.ref) === variant ? seen.get(variant) : undefined
        if (rows === undefined) return []
        return [{ ...publicRef(variant.ref), rows: rows.map(({ prior: _, ...row }) => row) }]
      }),
    recall(memory, shapes) {
      for (const { rows, ...ref } of memory) {
        const variant = shapes.find(ref)
        if (variant?.task.next.length !== rows.length) continue
        const known = rows.map((row) => {
          const prior = row.items < WINDOW_ITEMS ? PRIOR_ITEMS / row.items : 0
          return { ...row, prior, none: row.none ?? (1 - prior) * Math.exp(-row.mean) }
        })
        seen.set(variant, known)
        known.forEach(({ items, mean }, child) => {
          if (items > PRIOR_ITEMS) share(variant, child, mean, items - PRIOR_ITEMS)
        })
      }
    },
  }
}
