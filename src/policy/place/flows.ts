/**
 * Flows of root queries over a pipeline's tree: which variants within which allowances. A flow whose
 * times do not fit the budget is never written down.
 *
 * A flow covers a chain of tasks down to a leaf or to a task with several children. There it ends in
 * a junction, from which every branch carries the whole flow on: so branches agree on the variants
 * that they share.
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../shape.ts'
import { type Allowance, allowancesOf } from './allowances.ts'
import type { Compiled, Demand } from './compile.ts'
import { createQuickest, type Flows, flowsWithin } from './flow_walk.ts'

/** How many allowances a variant, and how many variants a task, to try in turn. */
const TRIES = [[8, 99], [5, 99], [4, 99], [3, 99], [2, 99], [1, 99], [1, 4], [1, 3], [1, 2], [1, 1]]

/** `only`: variants that may be used; all where absent. */
export function flowsOf(compiled: Compiled, only?: ReadonlySet<VariantShape>): Flows {
  const quickest = createQuickest(compiled)
  const longestMs = (variant: VariantShape): number => {
    const { task } = variant
    let spareMs = demandOf(compiled, variant).budgetMs - quickest.after(task)
    for (const before of above(task)) spareMs -= quickest.from(before) - quickest.after(before)
    return spareMs
  }
  const fairMs = (variant: VariantShape): number => {
    const ownMs = quickest.from(variant.task) - quickest.after(variant.task)
    return ownMs + (longestMs(variant) - ownMs) / longestPath(variant.task.pipeline.root)
  }
  let left: Flows | undefined
  for (const [most, variants] of TRIES) {
    const allowances = allowancesOf(compiled, longestMs, fairMs, most!)
    const chosen = only ?? variantsWithin(compiled, allowances.of, variants!)
    const found = flowsWithin(compiled, allowances, chosen, quickest)
    const narrowed = only === undefined && chosen.size < usable(compiled, allowances.of).length
    left = { ...found, pruned: found.pruned || allowances.thinned || narrowed }
    if (!found.pruned) return left
  }
  return left!
}

const usable = ({ shapes }: Compiled, of: Allowance[][]) =>
  shapes.variants.filter(({ index }) => of[index]!.length > 0)

/** The most accurate, the quickest, and others spread between them by accuracy. */
function variantsWithin(compiled: Compiled, of: Allowance[][], most: number): Set<VariantShape> {
  const byTask = new Map<TaskShape, VariantShape[]>()
  for (const variant of usable(compiled, of)) {
    byTask.set(variant.task, [...byTask.get(variant.task) ?? [], variant])
  }
  const chosen = new Set<VariantShape>()
  for (const all of byTask.values()) {
    const speed = (v: VariantShape) =>
      of[v.index]!.at(-1)!.paces.reduce(
        (sum, pace, i) => sum + (pace?.ratePerS ?? 0) * compiled.classes[i]!.slots,
        0,
      )
    const quick = all.reduce((best, one) => speed(one) > speed(best) ? one : best)
    if (most === 1) {
      chosen.add(quick)
      continue
    }
    const rest = all.filter((v) => v !== quick).sort((a, b) => b.accuracy - a.accuracy)
    chosen.add(quick)
    const wanted = Math.min(most - 1, rest.length)
    for (let i = 0; i < wanted; i++) chosen.add(rest[Math.floor(i * rest.length / wanted)]!)
  }
  return chosen
}

export const demandOf = ({ demands }: Compiled, variant: VariantShape): Demand =>
  demands.find(({ pipeline }) => pipeline.name === variant.ref.pipeline)!

const longestPath = (task: TaskShape): number =>
  1 + task.next.reduce((most, child) => Math.max(most, longestPath(child)), 0)

function above(task: TaskShape): TaskShape[] {
  const trail = (from: TaskShape): TaskShape[] | null => {
    if (from === task) return []
    for (const child of from.next) {
      const rest = trail(child)
      if (rest !== null) return [from, ...rest]
    }
    return null
  }
  return trail(task.pipeline.root) ?? []
}
