/**
 * What waits for dispatch: one queue in deadline order for each task of each pipeline.
 *
 * @module
 */
import { createQueue, type DeadlineQueue } from './queue.ts'
import type { Item } from './query.ts'
import type { Shapes, TaskShape } from './shape.ts'

export interface Waiting {
  readonly total: number
  readonly queues: ReadonlyMap<TaskShape, DeadlineQueue<Item>>
  count(task: TaskShape): number
  add(item: Item, nowMs: number): void
  /** To be dispatched or dropped: its state is the caller's to set. */
  remove(item: Item): void
}

export function createWaiting(shapes: Shapes): Waiting {
  const queues = new Map<TaskShape, DeadlineQueue<Item>>()
  for (const { tasks } of shapes.pipelines.values()) {
    for (const task of tasks) queues.set(task, createQueue<Item>())
  }
  let total = 0

  function note({ query, task }: Item, change: 1 | -1): void {
    total += change
    query.waiting.set(task, (query.waiting.get(task) ?? 0) + change)
    query.rest = null
  }

  return {
    get total() {
      return total
    },
    queues,
    count: (task) => queues.get(task)!.length,
    add(item, nowMs) {
      item.state = 'queued'
      item.batch = null
      item.bound = null
      item.queuedAtMs = nowMs
      queues.get(item.task)!.insert(item)
      note(item, 1)
    },
    remove(item) {
      if (queues.get(item.task)!.remove(item)) note(item, -1)
    },
  }
}
