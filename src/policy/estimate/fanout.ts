/**
 * Fan-out: items that a variant hands to each child task. The pipeline file's number is corrected by the
 * counts of served items. The input affects all variants of a task alike: if one hands on a third of the
 * file's number, variants that have not run yet are assumed to do so too, or they would never run.
 *
 * @module
 */
import { type FanOutMemory, publicRef } from '../core/memory.ts'
import type { Shapes, TaskShape, VariantShape } from '../core/graph.ts'
import { fanOut as F } from './params.ts'

export interface FanOut {
  /** Counts an item that handed `count` items to the child task at this position of `next`. */
  saw(variant: VariantShape, child: number, count: number): void
  /** Mean items for the child task at this position of `next`, per item. */
  mean(variant: VariantShape, child: number): number
  /** Share of items that hand nothing on to that child task. */
  none(variant: VariantShape, child: number): number
  /** Upper fan-out: about nine of ten items do not exceed it. */
  upper(variant: VariantShape, child: number): number
  /** Halves the estimates of these variants, as they keep the variants from running (`admit/doubt.ts`). */
  doubt(variants: readonly VariantShape[]): void
  /** Learned values of all served variants, to be stored; and `recall` restores them. */
  keep(shapes: Pick<Shapes, 'find' | 'variants'>): FanOutMemory[]
  recall(memory: readonly FanOutMemory[], shapes: Shapes): void
}

/** Values of one variant and child task. At first counts are taken as Poisson: variance equals mean. */
interface Row {
  items: number
  mean: number
  variance: number
  /** Share of the mean that is still the pipeline file's number. */
  prior: number
  /** Share of items seen to hand nothing on; the prior's part is added by `none`. */
  none: number
}

/** Over all variants of a task, for a child: mean of the counts, and of the file's numbers for them. */
interface Shared {
  items: number
  seen: number
  listed: number
}

export function createFanOut(): FanOut {
  const rows = new WeakMap<VariantShape, Row[]>()
  const shared = new WeakMap<TaskShape, Shared[]>()

  function rowsOf(variant: VariantShape): Row[] {
    let own = rows.get(variant)
    if (own === undefined) {
      own = variant.fanOut.map((mean) => ({
        items: F.prior,
        mean,
        variance: mean,
        prior: 1,
        none: 0,
      }))
      rows.set(variant, own)
    }
    return own
  }

  /** @param items number of items in the mean */
  function share({ task, fanOut }: VariantShape, child: number, mean: number, items: number): void {
    const listed = fanOut[child]!
    let all = shared.get(task)
    if (all === undefined) shared.set(task, all = [])
    const one = all[child] ??= { items: F.prior, seen: listed, listed }
    one.items = Math.min(one.items + items, F.window)
    one.seen += (mean - one.seen) * items / one.items
    one.listed += (listed - one.listed) * items / one.items
  }

  /** Correction of the file's number, for the share of it that still counts. */
  function missing({ task, fanOut }: VariantShape, child: number, { prior }: Row): number {
    const one = shared.get(task)?.[child]
    if (one === undefined || !(one.listed > 0)) return 0
    return prior * fanOut[child]! * (one.seen / one.listed - 1)
  }

  function mean(variant: VariantShape, child: number): number {
    const row = rowsOf(variant)[child]
    return row === undefined ? 1 : row.mean + missing(variant, child, row)
  }

  return {
    saw(variant, child, count) {
      const row = rowsOf(variant)[child]
      if (row === undefined) return
      row.items = Math.min(row.items + 1, F.window)
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
      return row.mean + more + F.upper * Math.sqrt(Math.max(0, row.variance + more))
    },
    doubt(variants) {
      for (const variant of variants) {
        rowsOf(variant).forEach((row, child) => {
          const mean = Math.max(row.mean / 2, Math.min(row.mean, variant.fanOut[child]!))
          if (mean >= row.mean) return
          row.variance *= (mean / row.mean) ** 2
          row.mean = mean
          row.items = Math.min(row.items, F.prior)
        })
        for (const one of shared.get(variant.task) ?? []) one.seen = Math.min(one.seen, one.listed)
      }
    },
    keep: (shapes) =>
      shapes.variants.flatMap((variant) => {
        const own = shapes.find(variant.ref) === variant ? rows.get(variant) : undefined
        if (own === undefined) return []
        return [{ ...publicRef(variant.ref), rows: own.map(({ prior: _, ...row }) => row) }]
      }),
    recall(memory, shapes) {
      for (const { rows: kept, ...ref } of memory) {
        const variant = shapes.find(ref)
        if (variant?.task.next.length !== kept.length) continue
        const own = kept.map((row) => {
          const prior = row.items < F.window ? F.prior / row.items : 0
          return { ...row, prior, none: row.none ?? (1 - prior) * Math.exp(-row.mean) }
        })
        rows.set(variant, own)
        own.forEach(({ items, mean }, child) => {
          if (items > F.prior) share(variant, child, mean, items - F.prior)
        })
      }
    },
  }
}
