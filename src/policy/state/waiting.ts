/**
 * Items that wait for dispatch: one queue in deadline order for each task of each pipeline. It holds
 * exactly the items in state `queued`.
 *
 * @module
 */
import type { PipelineShape, Shapes, TaskShape } from '../core/graph.ts'
import { type Item, unsettle } from './query.ts'
import { createQueue, type DeadlineQueue } from './queue.ts'

export class Waiting {
  /** Items in all queues. */
  total = 0
  readonly queues = new Map<TaskShape, DeadlineQueue<Item>>()
  /** The queues by task index. */
  private readonly byIndex: DeadlineQueue<Item>[] = []
  /** By task index: number of items minus their load; and number of items with a share below 1. */
  private readonly lighter: number[] = []
  private patient = 0
  /** Queue of removed tasks. */
  private readonly nothing = createQueue<Item>()

  constructor(shapes: Shapes) {
    for (const shape of shapes.pipelines.values()) this.open(shape)
  }

  /** The queue of a task. */
  of(task: TaskShape): DeadlineQueue<Item> {
    return this.byIndex[task.index]!
  }

  count(task: TaskShape): number {
    return this.of(task).length
  }

  /** Whether an item of a query with time to spare (share below 1) waits. */
  get hasPatient(): boolean {
    return this.patient > 0
  }

  /** Items of a task, each weighted by the share of its query. */
  load(task: TaskShape): number {
    const { length } = this.of(task)
    return length === 0 ? 0 : Math.max(0, length - this.lighter[task.index]!)
  }

  /** Adds the queues of a pipeline; `close` removes them. */
  open({ tasks }: PipelineShape): void {
    for (const task of tasks) {
      this.queues.set(task, this.byIndex[task.index] = createQueue<Item>())
      this.lighter[task.index] = 0
    }
  }

  close({ tasks }: PipelineShape): void {
    for (const task of tasks) {
      this.queues.delete(task)
      this.byIndex[task.index] = this.nothing
    }
  }

  add(item: Item, nowMs: number): void {
    this.enter(item, nowMs)
    this.of(item.task).insert(item)
  }

  /** Queues a non-empty list of new items of one query and one task, in order of creation. */
  addNew(items: readonly Item[], nowMs: number): void {
    for (const item of items) this.enter(item, nowMs)
    this.of(items[0]!.task).insertRun(items)
  }

  /** Removes an item that is dispatched or dropped; the caller sets its state. */
  remove(item: Item): void {
    if (this.of(item.task).remove(item)) this.note(item, -1)
  }

  /** Removes the items of a batch, which are mostly adjacent. */
  removeAll(items: readonly Item[]): void {
    const isRun = this.of(items[0]!.task).removeRun(items)
    for (const item of items) {
      if (isRun) this.note(item, -1)
      else this.remove(item)
    }
  }

  private enter(item: Item, nowMs: number): void {
    item.queue(nowMs)
    this.note(item, 1)
  }

  private note({ query, task }: Item, change: 1 | -1): void {
    this.total += change
    if (query.share < 1) {
      this.lighter[task.index]! += change * (1 - query.share)
      this.patient += change
    }
    query.waiting[task.position]! += change
    unsettle(query)
  }
}

export const createWaiting = (shapes: Shapes): Waiting => new Waiting(shapes)
