/**
 * Fewer variants for a pipeline that has more paths than can be solved for: of each task the quickest,
 * the most accurate, and between them those that are missed most, in the order of what they gain.
 *
 * @module
 */
import type { PipelineShape, TaskShape, VariantShape } from '../shape.ts'
import type { FrontierProblem } from './problem.ts'

type Capacity = Pick<FrontierProblem, 'groups' | 'services'>

/** A variant, and time of the whole pool for an item of it. */
interface Way {
  variant: VariantShape
  cost: number
}

/** Those to solve with; all that anybody can do where these make no more than so many prefixes. */
export function chosenVariants(
  { root, tasks, prefixCount }: PipelineShape,
  capacity: Capacity,
  mostPrefixes: number,
): ReadonlySet<VariantShape> {
  const able = new Map(tasks.map((task) => [task, ableOf(task, capacity)]))
  const chosen = (each: number) => (task: TaskShape) => able.get(task)!.slice(0, each)
  if (prefixCount <= mostPrefixes) return new Set(tasks.flatMap(chosen(Infinity)).map(variantOf))
  for (const [task, ways] of able) able.set(task, byGain(ways))
  const count = (task: TaskShape, each: number): number =>
    Math.min(able.get(task)!.length, each) *
    task.next.reduce((sum, child) => sum + count(child, each), 1)
  let each = Math.max(...[...able.values()].map(({ length }) => length))
  while (each > 1 && count(root, each) > mostPrefixes) each--
  return new Set(tasks.flatMap(chosen(each)).map(variantOf))
}

const variantOf = ({ variant }: Way) => variant

function ableOf({ variants }: TaskShape, { groups, services }: Capacity): Way[] {
  return variants.flatMap((variant) => {
    const perMs = services[variant.index]!.reduce(
      (sum, { group, costMs }) => sum + groups[group]!.duty / costMs,
      0,
    )
    return perMs > 0 ? [{ variant, cost: 1 / perMs }] : []
  })
}

function byGain(ways: readonly Way[]): Way[] {
  if (ways.length < 3) return [...ways]
  const quickest = ways.reduce((a, b) => b.cost < a.cost ? b : a)
  const best = ways.reduce((a, b) => b.variant.accuracy > a.variant.accuracy ? b : a)
  const order = new Set([quickest, best])
  while (order.size < ways.length) {
    const left = ways.filter((way) => !order.has(way))
    order.add(left.reduce((a, b) => gainOf(b, order) > gainOf(a, order) ? b : a))
  }
  return [...order]
}

/** How much more accurate it is than going now one way, now another, for as much time. */
function gainOf({ variant, cost }: Way, others: Iterable<Way>): number {
  let without = 0
  for (const low of others) {
    if (low.cost > cost) continue
    without = Math.max(without, low.variant.accuracy)
    for (const high of others) {
      if (high.cost <= cost) continue
      const share = (cost - low.cost) / (high.cost - low.cost)
      const more = high.variant.accuracy - low.variant.accuracy
      without = Math.max(without, low.variant.accuracy + share * more)
    }
  }
  return variant.accuracy - without
}
