/**
 * The batch sizes that are really run, per class and task. The cost of an item depends on them, and
 * they on the load: a short queue gives small batches.
 *
 * @module
 */
import type { TaskShape } from './shape.ts'

export interface BatchSizes {
  /**
   * A batch of the task was sent to a node of the class.
   *
   * @param large a batch of items that have the time for it: no others have to wait for one
   */
  ran(className: string, task: TaskShape, items: number, large: boolean): void
  /** Mean size that an item finds itself in, large batches apart; 1 before anything ran. */
  seen(className: string, task: TaskShape): number
  /** Mean time of an item, of batches of these latencies. */
  costMs(className: string, task: TaskShape, latencyMs: (batch: number) => number): number
}

interface Sizes {
  mean: number
  /** Share of the items of late that ran in large batches, by their size. */
  large: Map<number, number>
}

const WEIGHT = 0.05
/** A size that fewer items ran at of late is forgotten. */
const LEAST = 1e-3

export function createBatchSizes(): BatchSizes {
  /** By class, by index of the task. */
  const sizes = new Map<string, (Sizes | undefined)[]>()

  const of = (className: string, { index }: TaskShape) => sizes.get(className)?.[index]

  function made(className: string, { index }: TaskShape, mean: number): Sizes {
    let ofClass = sizes.get(className)
    if (ofClass === undefined) sizes.set(className, ofClass = [])
    return ofClass[index] = { mean, large: new Map() }
  }

  return {
    ran(className, task, items, large) {
      const own = of(className, task) ?? made(className, task, large ? 1 : items)
      // By items: a batch of eight counts eight times, as eight items saw it.
      const weight = 1 - (1 - WEIGHT) ** Math.sqrt(items)
      if (own.large.size > 0) {
        for (const [size, share] of own.large) {
          if (share < LEAST) own.large.delete(size)
          else own.large.set(size, share * (1 - weight))
        }
      }
      if (large) own.large.set(items, (own.large.get(items) ?? 0) + weight)
      else own.mean += weight * (items - own.mean)
    },
    seen: (className, task) => Math.max(1, of(className, task)?.mean ?? 1),
    costMs(className, task, latencyMs) {
      const own = of(className, task)
      const batch = Math.max(1, own?.mean ?? 1)
      let costMs = 0
      let left = 1
      if (own !== undefined && own.large.size > 0) {
        for (const [size, share] of own.large) {
          costMs += share * latencyMs(size) / size
          left -= share
        }
      }
      return costMs + left * latencyMs(batch) / batch
    },
  }
}
