/**
 * The batch sizes that are really run, per class and task. The cost of an item depends on them, and
 * they on the load: a short queue gives small batches.
 *
 * @module
 */
import type { TaskShape } from './shape.ts'

export interface BatchSizes {
  ran(key: string, items: number): void
  /** Mean size that an item finds itself in; 1 before anything ran. */
  seen(key: string): number
}

const WEIGHT = 0.05

export const batchKeyOf = (className: string, task: TaskShape) =>
  `${className}\n${task.pipeline.name}\n${task.name}`

export function createBatchSizes(): BatchSizes {
  const means = new Map<string, number>()
  return {
    ran(key, items) {
      const mean = means.get(key) ?? items
      // By items: a batch of eight counts eight times, as eight items saw it.
      means.set(key, mean + (1 - (1 - WEIGHT) ** Math.sqrt(items)) * (items - mean))
    },
    seen: (key) => Math.max(1, means.get(key) ?? 1),
  }
}
