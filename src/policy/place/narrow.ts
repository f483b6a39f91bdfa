/**
 * Fewer flows for the search of integers: the allowances that the relaxed program uses, and for the
 * variants that it does not use the one nearest to what their task gets. The bound stays that of all
 * flows.
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../shape.ts'
import type { Built } from './build.ts'
import { createQuickest, type Flows, flowsWithin } from './flow_walk.ts'

/** Below so many flows there is nothing to gain. */
const FEW = 250

export function narrow(built: Built, values: readonly number[]): Flows {
  const { compiled, flows } = built
  if (flows.flows.length <= FEW) return flows
  const { of } = flows.allowances
  const used = new Map<VariantShape, Set<number>>()
  const longestMs = new Map<TaskShape, number>()
  const use = (variant: VariantShape, allowance: number) => {
    used.set(variant, (used.get(variant) ?? new Set()).add(allowance))
    const { timeMs } = of[variant.index]![allowance]!
    longestMs.set(variant.task, Math.max(longestMs.get(variant.task) ?? 0, timeMs))
  }
  flows.flows.forEach(({ steps }, f) => {
    if (values[built.flowColumns[f]!]! < 1e-7) return
    for (const { variant, allowance } of steps) use(variant, allowance)
  })
  for (const { column, variant, allowance } of built.shares) {
    if (values[column]! > 1e-6) use(variant, allowance)
  }
  const kept = compiled.shapes.variants.map((variant) => {
    const all = of[variant.index]!
    const most = longestMs.get(variant.task) ?? Infinity
    const nearest = all.findLastIndex(({ timeMs }) => timeMs <= most + 1e-9)
    const chosen = used.get(variant) ?? new Set([Math.max(0, nearest)])
    return all.filter((_, a) => chosen.has(a))
  })
  const chosen = new Set(flows.flows.flatMap(({ steps }) => steps.map(({ variant }) => variant)))
  const allowances = { of: kept, thinned: true }
  const narrowed = flowsWithin(compiled, allowances, chosen, createQuickest(compiled))
  return narrowed.flows.length > 0 && !narrowed.pruned ? narrowed : flows
}
