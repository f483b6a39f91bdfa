/**
 * What waits for dispatch: one queue in deadline order for each task of each pipeline.
 *
 * @module
 */
import type { PipelineShape, Shapes, TaskShape } from '../core/graph.ts'
import { type Item, unsettle } from './query.ts'
import { createQueue, type DeadlineQueue } from './queue.ts'

export interface Waiting {
  readonly total: number
  /** Those of queries that ask for a least accuracy. */
  readonly flooredCount: number
  readonly queues: ReadonlyMap<TaskShape, DeadlineQueue<Item>>
  /** The queue of a task. */
  of(task: TaskShape): DeadlineQueue<Item>
  /** Queues for one pipeline more, and away with those of one that is gone. */
  open(shape: PipelineShape): void
  close(shape: PipelineShape): void
  count(task: TaskShape): number
  add(item: Item, nowMs: number): void
  /** New items of one query and one task, one at least, in the order of their creation. */
  addNew(items: readonly Item[], nowMs: number): void
  /** To be dispatched or dropped: its state is the caller's to set. */
  remove(item: Item): void
  /** Likewise the items of a batch, which mostly stand together. */
  removeAll(items: readonly Item[]): void
}

export function createWaiting(shapes: Shapes): Waiting {
  const queues = new Map<TaskShape, DeadlineQueue<Item>>()
  /** The same by index of task. */
  const byIndex: DeadlineQueue<Item>[] = []
  /** Of tasks that are gone. */
  const nothing = createQueue<Item>()
  const of = (task: TaskShape) => byIndex[task.index]!
  const open = ({ tasks }: PipelineShape) => {
    for (const task of tasks) queues.set(task, byIndex[task.index] = createQueue<Item>())
  }
  for (const shape of shapes.pipelines.values()) open(shape)
  let total = 0
  let flooredCount = 0

  function note({ query, task }: Item, change: 1 | -1): void {
    total += change
    if (query.level > 0) flooredCount += change
    query.waiting[task.position]! += change
    unsettle(query)
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
    get flooredCount() {
      return flooredCount
    },
    queues,
    of,
    open,
    close({ tasks }) {
      for (const task of tasks) {
        queues.delete(task)
        byIndex[task.index] = nothing
      }
    },
    count: (task) => of(task).length,
    add(item, nowMs) {
      enter(item, nowMs)
      of(item.task).insert(item)
    },
    addNew(items, nowMs) {
      for (const item of items) enter(item, nowMs)
      of(items[0]!.task).insertRun(items)
    },
    remove(item) {
      if (of(item.task).remove(item)) note(item, -1)
    },
    removeAll(items) {
      const queue = of(items[0]!.task)
      if (queue.removeRun(items)) { for (const item of items) note(item, -1) }
      else for (const item of items) if (queue.remove(item)) note(item, -1)
    },
  }
}
