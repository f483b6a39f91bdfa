/**
 * The batch sizes that are really run, per class and task. The cost of an item depends on them, and
 * they on the load: a short queue gives small batches.
 *
 * @module
 */
import type { TaskShape } from './shape.ts'

export interface BatchSizes {
  /** A batch of the task was sent to a node of the class. */
  ran(className: string, task: TaskShape, items: number): void
  /** Mean size that an item finds itself in; 1 before anything ran. */
  seen(className: string, task: TaskShape): number
}

const WEIGHT = 0.05

export function createBatchSizes(): BatchSizes {
  /** By class, by index of the task. */
  const means = new Map<string, number[]>()
  return {
    ran(className, { index }, items) {
      let own = means.get(className)
      if (own === undefined) means.set(className, own = [])
      const mean = own[index] ?? items
      // By items: a batch of eight counts eight times, as eight items saw it.
      own[index] = mean + (1 - (1 - WEIGHT) ** Math.sqrt(items)) * (items - mean)
    },
    seen: (className, { index }) => Math.max(1, means.get(className)?.[index] ?? 1),
  }
}
