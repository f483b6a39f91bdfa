/**
 * The batch sizes that are really run, per class and task. The cost of an item depends on them, and
 * they on the load: a short queue gives small batches.
 *
 * @module
 */
import type { TaskShape } from './shape.ts'

export interface BatchSizes {
  /** @param large a batch of items that have the time for it: no others have to wait for one */
  ran(key: string, items: number, large: boolean): void
  /** Mean size that an item finds itself in, large batches apart; 1 before anything ran. */
  seen(key: string): number
  /** Mean time of an item, of batches of these latencies. */
  costMs(key: string, latencyMs: (batch: number) => number): number
}

interface Sizes {
  mean: number
  /** Share of the items of late that ran in large batches, by their size. */
  large: Map<number, number>
}

const WEIGHT = 0.05
/** A size that fewer items ran at of late is forgotten. */
const LEAST = 1e-3

export const batchKeyOf = (className: string, task: TaskShape) =>
  `${className}\n${task.pipeline.name}\n${task.name}`

export function createBatchSizes(): BatchSizes {
  const sizes = new Map<string, Sizes>()

  return {
    ran(key, items, large) {
      let own = sizes.get(key)
      if (own === undefined) sizes.set(key, own = { mean: large ? 1 : items, large: new Map() })
      // By items: a batch of eight counts eight times, as eight items saw it.
      const weight = 1 - (1 - WEIGHT) ** Math.sqrt(items)
      for (const [size, share] of own.large) {
        if (share < LEAST) own.large.delete(size)
        else own.large.set(size, share * (1 - weight))
      }
      if (large) own.large.set(items, (own.large.get(items) ?? 0) + weight)
      else own.mean += weight * (items - own.mean)
    },
    seen: (key) => Math.max(1, sizes.get(key)?.mean ?? 1),
    costMs(key, latencyMs) {
      const { mean = 1, large = [] } = sizes.get(key) ?? {}
      const batch = Math.max(1, mean)
      let costMs = 0
      let left = 1
      for (const [size, share] of large) {
        costMs += share * latencyMs(size) / size
        left -= share
      }
      return costMs + left * latencyMs(batch) / batch
    },
  }
}
