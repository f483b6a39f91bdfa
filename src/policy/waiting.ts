/**
 * What waits for dispatch: one queue in deadline order for each task of each pipeline.
 *
 * @module
 */
import { createQueue, type DeadlineQueue } from './queue.ts'
import type { Item } from './query.ts'
import type { PipelineShape, Shapes, TaskShape } from './shape.ts'

export interface Waiting {
  readonly total: number
  readonly queues: ReadonlyMap<TaskShape, DeadlineQueue<Item>>
  /** Queues for one pipeline more, and away with those of one that is gone. */
  open(shape: PipelineShape): void
  close(shape: PipelineShape): void
  count(task: TaskShape): number
  add(item: Item, nowMs: number): void
  /** New items of one query and one task, in the order of their creation. */
  addNew(items: readonly Item[], nowMs: number): void
  /** To be dispatched or dropped: its state is the caller's to set. */
  remove(item: Item): void
}

export function createWaiting(shapes: Shapes): Waiting {
  const queues = new Map<TaskShape, DeadlineQueue<Item>>()
  const open = ({ tasks }: PipelineShape) => {
    for (const task of tasks) queues.set(task, createQueue<Item>())
  }
  for (const shape of shapes.pipelines.values()) open(shape)
  let total = 0

  function note({ query, task }: Item, change: 1 | -1): void {
    total += change
    query.waiting.set(task, (query.waiting.get(task) ?? 0) + change)
    query.rest = null
  }

  function enter(item: Item, nowMs: number): void {
    item.state = 'queued'
    item.batch = null
    item.bound = null
    item.queuedAtMs = nowMs
    note(item, 1)
  }

  return {
    get total() {
      return total
    },
    queues,
    open,
    close({ tasks }) {
      for (const task of tasks) queues.delete(task)
    },
    count: (task) => queues.get(task)!.length,
    add(item, nowMs) {
      enter(item, nowMs)
      queues.get(item.task)!.insert(item)
    },
    addNew(items, nowMs) {
      if (items.length === 0) return
      for (const item of items) enter(item, nowMs)
      queues.get(items[0]!.task)!.insertRun(items)
    },
    remove(item) {
      if (queues.get(item.task)!.remove(item)) note(item, -1)
    },
  }
}
