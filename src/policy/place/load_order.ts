/**
 * In which order a slot loads what it is to hold.
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../core/graph.ts'

/** The quicker by its reference; where the files give none, less accurate is taken for quicker. */
function byQuickness(a: VariantShape, b: VariantShape): number {
  if (a.referenceMs !== undefined && b.referenceMs !== undefined) {
    return a.referenceMs - b.referenceMs
  }
  return a.accuracy - b.accuracy
}

/**
 * Order of loading: the most accurate variant of every task, since whoever asks a pool that has time
 * is to have the best answer from the first; then the quickest of every task, for when much comes at
 * once; then the rest by falling accuracy.
 */
export function loadOrder(able: readonly VariantShape[]): VariantShape[] {
  const byAccuracy = (a: VariantShape, b: VariantShape) => b.accuracy - a.accuracy
  return [
    ...new Set([
      ...firstOfEachTask(able, byAccuracy),
      ...firstOfEachTask(able, byQuickness),
      ...[...able].sort(byAccuracy),
    ]),
  ]
}

function firstOfEachTask(
  variants: readonly VariantShape[],
  order: (a: VariantShape, b: VariantShape) => number,
): VariantShape[] {
  const firsts = new Map<TaskShape, VariantShape>()
  for (const variant of variants) {
    const first = firsts.get(variant.task)
    if (first === undefined || order(variant, first) < 0) firsts.set(variant.task, variant)
  }
  return [...firsts.values()]
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
  const first = firstOfEachTask(wanted, () => 0)
  const ofThese = first.flatMap(({ task }) => order.filter((variant) => variant.task === task))
  const quick = firstOfEachTask(ofThese, byQuickness)
  return [...new Set([...first, ...quick, ...wanted, ...order])]
}
