/**
 * Accuracy of paths: measured where measured, else the product of the variants (the paper's rule).
 *
 * @module
 */
import type { Pipeline } from './schema.ts'
import { variantOf } from './tree.ts'

/**
 * Accuracy, 0..1, of `variants[i]` doing `tasks[i]` from the root down.
 *
 * A path that stops before a leaf (a detector that found nothing) takes the accuracy of that prefix.
 */
export type PathAccuracy = (tasks: readonly string[], variants: readonly string[]) => number

/** Prepares lookups for one pipeline; the returned function only reads a map. */
export function pathAccuracyOf(pipeline: Pipeline): PathAccuracy {
  const measured = new Map(
    (pipeline.pathAccuracy ?? []).map(({ path, accuracy }) => [path.join('\n'), accuracy]),
  )
  return (tasks, variants) =>
    measured.get(variants.join('\n')) ??
      tasks.reduce(
        (product, task, i) => product * variantOf(pipeline, task, variants[i] ?? '').accuracy,
        1,
      )
}
