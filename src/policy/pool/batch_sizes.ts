/**
 * The batch sizes that are really run, per class and task. The cost of an item depends on them, and
 * they on the load: a short queue gives small batches.
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../shape.ts'

export interface BatchSizes {
  /**
   * A batch of the variant was sent to a node of the class.
   *
   * @param large a batch of items that have the time for it: no others have to wait for one
   */
  ran(className: string, variant: VariantShape, items: number, large: boolean): void
  /** Mean size that an item finds itself in, large batches apart; 1 before anything ran. */
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

interface Sizes {
  mean: number
  /** Share of the items of late that ran in large batches, by their size. */
  large: Map<number, number>
}

/** A large batch of one variant is in time where one of another is not: each has its own sizes. */
interface OwnSizes extends Sizes {
  /** How much they count beside those of all variants of the task: less the longer it did not run. */
  sure: number
}

interface OfClass {
  /** By index of the task. */
  tasks: (Sizes | undefined)[]
  /** By index of the variant. */
  variants: (OwnSizes | undefined)[]
}

/** The largest batch that is expected before anything ran. */
const MOST_AT_FIRST = 16
const WEIGHT = 0.05
/** A size that fewer items ran at of late is forgotten. */
const LEAST = 1e-3
/** For each item of another variant so much less is sure. */
const FADING = 0.01

export function createBatchSizes(): BatchSizes {
  const classes = new Map<string, OfClass>()

  function ofClass(name: string): OfClass {
    let found = classes.get(name)
    if (found === undefined) classes.set(name, found = { tasks: [], variants: [] })
    return found
  }

  function costMs(
    className: string,
    { index, task }: VariantShape,
    latencyMs: (batch: number) => number,
  ): number {
    const known = classes.get(className)
    const own = known?.variants[index]
    const allMs = costOf(known?.tasks[task.index], latencyMs)
    return own === undefined ? allMs : own.sure * costOf(own, latencyMs) + (1 - own.sure) * allMs
  }

  return {
    ran(className, variant, items, large) {
      const { task } = variant
      const { tasks, variants } = ofClass(className)
      const all = tasks[task.index] ??= { mean: large ? 1 : items, large: new Map() }
      const own = variants[variant.index] ??= { ...all, large: new Map(all.large), sure: 0 }
      const kept = (1 - FADING) ** items
      for (const { index } of task.variants) {
        const other = variants[index]
        if (other !== undefined && other !== own) other.sure *= kept
      }
      own.sure += (1 - own.sure) * (1 - (1 - WEIGHT) ** items)
      // By items: a batch of eight counts eight times, as eight items saw it.
      const weight = 1 - (1 - WEIGHT) ** Math.sqrt(items)
      learn(own, items, weight, large)
      learn(all, items, weight, large)
    },
    seen: (className, task) => Math.max(1, classes.get(className)?.tasks[task.index]?.mean ?? 1),
    costs(className, variant, latencyMs) {
      const ms = costMs(className, variant, latencyMs)
      if (classes.has(className)) return { costMs: ms, planMs: ms }
      const batch = firstOf(variant.task)
      return { costMs: ms, planMs: Math.min(latencyMs(1), latencyMs(batch) / batch) }
    },
  }
}

function learn(sizes: Sizes, items: number, weight: number, isLarge: boolean): void {
  const { large } = sizes
  if (large.size > 0) {
    for (const [size, share] of large) {
      if (share < LEAST) large.delete(size)
      else large.set(size, share * (1 - weight))
    }
  }
  if (isLarge) large.set(items, (large.get(items) ?? 0) + weight)
  else sizes.mean += weight * (items - sizes.mean)
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

function costOf(sizes: Sizes | undefined, latencyMs: (batch: number) => number): number {
  const batch = Math.max(1, sizes?.mean ?? 1)
  let costMs = 0
  let left = 1
  if (sizes !== undefined && sizes.large.size > 0) {
    for (const [size, share] of sizes.large) {
      costMs += share * latencyMs(size) / size
      left -= share
    }
  }
  return costMs + left * latencyMs(batch) / batch
}
