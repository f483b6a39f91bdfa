/**
 * A pipeline with some of its variants: nodes are up sooner where it is not about the others.
 *
 * @module
 */
import type { LoadedPipeline } from './load_pipelines.ts'

/** The quickest of each task by the file's reference, at most so many. */
export function withQuickest(loaded: LoadedPipeline, most = 1): LoadedPipeline {
  const { pipeline, ...rest } = loaded
  const tasks = Object.fromEntries(
    Object.entries(pipeline.tasks).map(([name, task]) => {
      const quickest = Object.entries(task.variants)
        .sort(([, a], [, b]) => (a.referenceMs ?? Infinity) - (b.referenceMs ?? Infinity))
        .slice(0, most)
      return [name, { ...task, variants: Object.fromEntries(quickest) }]
    }),
  )
  const names = new Set(Object.values(tasks).flatMap(({ variants }) => Object.keys(variants)))
  const { pathAccuracy, ...plain } = pipeline
  const known = pathAccuracy?.filter(({ path }) => path.every((name) => names.has(name)))
  return {
    ...rest,
    pipeline: {
      ...plain,
      tasks,
      ...(known === undefined || known.length === 0 ? {} : { pathAccuracy: known }),
    },
  }
}
