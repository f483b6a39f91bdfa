/**
 * In which order a slot loads what it is to hold.
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../shape.ts'

/** The quicker by its reference; where the files give none, less accurate is taken for quicker. */
function byQuickness(a: VariantShape, b: VariantShape): number {
  if (a.referenceMs !== undefined && b.referenceMs !== undefined) {
    return a.referenceMs - b.referenceMs
  }
  return a.accuracy - b.accuracy
}

/**
 * Order of loading: the quickest variant of every task, so that the pipelines can be served soon,
 * then the most accurate of every task, then the rest by falling accuracy.
 */
export function loadOrder(able: readonly VariantShape[]): VariantShape[] {
  const byTask = new Map<TaskShape, VariantShape[]>()
  for (const variant of able) {
    const variants = byTask.get(variant.task) ?? []
    variants.push(variant)
    byTask.set(variant.task, variants)
  }
  const order = new Set<VariantShape>()
  for (const variants of byTask.values()) order.add([...variants].sort(byQuickness)[0]!)
  const byAccuracy = (a: VariantShape, b: VariantShape) => b.accuracy - a.accuracy
  for (const variants of byTask.values()) order.add([...variants].sort(byAccuracy)[0]!)
  for (const variant of [...able].sort(byAccuracy)) order.add(variant)
  return [...order]
}

/**
 * Where it is known what is wanted most: of each of those tasks that first, then the quickest, for when
 * much comes at once, then what else is wanted, then all in the order of loading.
 *
 * @param wanted some of them, the most wanted first
 */
export function startingWith(
  wanted: readonly VariantShape[],
  order: readonly VariantShape[],
): VariantShape[] {
  const first = new Map<TaskShape, VariantShape>()
  for (const variant of wanted) {
    if (!first.has(variant.task)) first.set(variant.task, variant)
  }
  // The order of loading begins with the quickest of each.
  const quick = [...first.keys()].map((task) => order.find((variant) => variant.task === task)!)
  return [...new Set([...first.values(), ...quick, ...wanted, ...order])]
}
