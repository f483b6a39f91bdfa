/**
 * The batch sizes that are really run, per class and task. The cost of an item depends on them, and
 * they on the load: a short queue gives small batches.
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../core/graph.ts'

export interface BatchSizes {
  /** A batch of the variant was sent to a node of the class. */
  ran(className: string, variant: VariantShape, items: number): void
  /** Mean size that an item finds itself in; 1 before anything ran. */
  seen(className: string, task: TaskShape): number
  /** Of an item of the variant, of batches of these latencies. */
  costs(className: string, variant: VariantShape, latencyMs: (batch: number) => number): Costs
}

/** Milliseconds of a slot for one item, on average. */
export interface Costs {
  costMs: number
  /** The same for a plan: before the class ran anything, of batches that one query brings. */
  planMs: number
}

/** A large batch of one variant is in time where one of another is not: each has its own mean. */
interface OwnMean {
  mean: number
  /** How much it counts beside that of all variants of the task: less the longer it did not run. */
  sure: number
}

interface OfClass {
  /** By index of the task. */
  tasks: (number | undefined)[]
  /** By index of the variant. */
  variants: (OwnMean | undefined)[]
}

/** The largest batch that is expected before anything ran. */
const MOST_AT_FIRST = 16
const WEIGHT = 0.05
/** For each item of another variant so much less is sure. */
const FADING = 0.01

export function createBatchSizes(): BatchSizes {
  const classes = new Map<string, OfClass>()

  function ofClass(name: string): OfClass {
    let found = classes.get(name)
    if (found === undefined) classes.set(name, found = { tasks: [], variants: [] })
    return found
  }

  return {
    ran(className, variant, items) {
      const { task } = variant
      const { tasks, variants } = ofClass(className)
      const all = tasks[task.index] ??= items
      const own = variants[variant.index] ??= { mean: all, sure: 0 }
      const kept = (1 - FADING) ** items
      for (const { index } of task.variants) {
        const other = variants[index]
        if (other !== undefined && other !== own) other.sure *= kept
      }
      own.sure += (1 - own.sure) * (1 - (1 - WEIGHT) ** items)
      // By items: a batch of eight counts eight times, as eight items saw it.
      const weight = 1 - (1 - WEIGHT) ** Math.sqrt(items)
      own.mean += weight * (items - own.mean)
      tasks[task.index] = all + weight * (items - all)
    },
    seen: (className, task) => Math.max(1, classes.get(className)?.tasks[task.index] ?? 1),
    costs(className, variant, latencyMs) {
      const known = classes.get(className)
      const own = known?.variants[variant.index]
      const costOf = (batch: number) => latencyMs(Math.max(1, batch)) / Math.max(1, batch)
      const allMs = costOf(known?.tasks[variant.task.index] ?? 1)
      const costMs = own === undefined
        ? allMs
        : own.sure * costOf(own.mean) + (1 - own.sure) * allMs
      if (known !== undefined) return { costMs, planMs: costMs }
      return { costMs, planMs: Math.min(latencyMs(1), costOf(firstOf(variant.task))) }
    },
  }
}

/** Items of a query come together: what the most accurate variant of the task before hands on. */
function firstOf({ pipeline, index }: TaskShape): number {
  for (const { next, variants } of pipeline.tasks) {
    const child = next.findIndex((task) => task.index === index)
    if (child < 0) continue
    const best = variants.reduce((a, b) => b.accuracy > a.accuracy ? b : a)
    return Math.min(Math.max(1, Math.round(best.fanOut[child] ?? 1)), MOST_AT_FIRST)
  }
  return 1
}
