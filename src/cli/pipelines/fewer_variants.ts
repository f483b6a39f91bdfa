/**
 * A pipeline with some of its variants: nodes are up sooner where it is not about the others.
 *
 * @module
 */
import type { Variant } from '../../pipeline/schema.ts'
import type { LoadedPipeline } from './load.ts'

/** The quickest variants of each task by the file's reference times, at most `most`. */
export function withQuickest(loaded: LoadedPipeline, most = 1): LoadedPipeline {
  return keeping(loaded, (variants) =>
    variants
      .sort(([, a], [, b]) => (a.referenceMs ?? Infinity) - (b.referenceMs ?? Infinity))
      .slice(0, most))
}

/** Those of these names. */
export function withVariants(loaded: LoadedPipeline, names: readonly string[]): LoadedPipeline {
  return keeping(loaded, (variants) => variants.filter(([name]) => names.includes(name)))
}

function keeping(
  { pipeline, ...rest }: LoadedPipeline,
  choose: (variants: [string, Variant][]) => [string, Variant][],
): LoadedPipeline {
  const tasks = Object.fromEntries(
    Object.entries(pipeline.tasks).map(([name, task]) => {
      const variants = Object.fromEntries(choose(Object.entries(task.variants)))
      return [name, { ...task, variants }]
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
