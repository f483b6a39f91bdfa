/**
 * Sizes of the batches that ran, by class and task. They determine the cost of an item, and depend on the
 * load: a short queue gives small batches.
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../core/graph.ts'
import { exploration, latency } from './params.ts'

/** Mean slot ms per item. */
export interface Costs {
  costMs: number
  /** The cost for a plan: before the class ran a batch, in batches of the items of one query. */
  planMs: number
}

/** Item-weighted mean sizes of a class, by task index and by variant index. */
interface ClassSizes {
  tasks: (number | undefined)[]
  variants: (number | undefined)[]
}

export class BatchSizes {
  private readonly classes = new Map<string, ClassSizes>()

  /** A batch of the variant was sent to a node of the class. */
  ran(className: string, { task, index }: VariantShape, items: number): void {
    let own = this.classes.get(className)
    if (own === undefined) this.classes.set(className, own = { tasks: [], variants: [] })
    // A batch of eight counts for its eight items.
    const weight = 1 - (1 - latency.sizeWeight) ** Math.sqrt(items)
    const all = own.tasks[task.index] ?? items
    own.tasks[task.index] = all + weight * (items - all)
    const before = own.variants[index] ?? all
    own.variants[index] = before + weight * (items - before)
    for (const other of task.variants) {
      const size = own.variants[other.index]
      // The size of a variant that does not run drifts back to the mean of the task.
      if (other.index !== index && size !== undefined) {
        own.variants[other.index] = size + weight / 5 * (all - size)
      }
    }
  }

  /** Mean batch size, weighted by items, of a task; 1 before the first batch. */
  seen(className: string, task: TaskShape): number {
    return Math.max(1, this.classes.get(className)?.tasks[task.index] ?? 1)
  }

  /** Costs of an item of the variant, given these batch latencies. */
  costs(
    className: string,
    { index, task }: VariantShape,
    latencyMs: (batch: number) => number,
  ): Costs {
    const costOf = (batch: number) => latencyMs(Math.max(1, batch)) / Math.max(1, batch)
    const own = this.classes.get(className)
    const costMs = costOf(own?.variants[index] ?? own?.tasks[task.index] ?? 1)
    if (own !== undefined) return { costMs, planMs: costMs }
    return { costMs, planMs: Math.min(costMs, costOf(firstOf(task))) }
  }
}

/** Items of one query: the number that the most accurate variant of the previous task hands on. */
function firstOf({ pipeline, index }: TaskShape): number {
  for (const { next, variants } of pipeline.tasks) {
    const child = next.findIndex((task) => task.index === index)
    if (child < 0) continue
    const best = variants.reduce((a, b) => b.accuracy > a.accuracy ? b : a)
    return Math.min(Math.max(1, Math.round(best.fanOut[child] ?? 1)), exploration.most)
  }
  return 1
}
