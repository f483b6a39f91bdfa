/**
 * Position of one pass over the queues. The next item is the one with the earliest deadline that was not
 * looked at, one item per query; queries that cannot be served in time are collected on the way.
 *
 * @module
 */
import type { Item, Query } from '../state/query.ts'
import type { DeadlineQueue } from '../state/queue.ts'
import type { Waiting } from '../state/waiting.ts'
import type { TaskShape } from '../core/graph.ts'
import { dispatch } from './params.ts'
import type { DispatchContext } from './value.ts'

/** Position in the queue of one task. */
export interface Cursor {
  task: TaskShape
  /** The run in which a slot last got room for the task. */
  since: number
  queue: DeadlineQueue<Item>
  position: number
  /** Items that slots with room could run but that were left to other groups. */
  looked: number
  last: Item | undefined
}

export class Cursors {
  private readonly cursors: Cursor[]
  private readonly mostLooked: number

  /**
   * @param tasks tasks that a slot with room could take, with the run of their latest room
   * @param doomed collects queries that cannot be served in time, to be dropped after the pass
   * @param lateToo includes items of queries that are late by the deadline test
   */
  constructor(
    tasks: ReadonlyMap<TaskShape, number>,
    waiting: Waiting,
    private readonly doomed: Set<Query>,
    private readonly lateToo: boolean,
    slotCount: number,
  ) {
    this.mostLooked = Math.max(dispatch.leastLook, dispatch.look * slotCount)
    this.cursors = [...tasks].map(([task, since]) => (
      { task, since, queue: waiting.of(task), position: 0, looked: 0, last: undefined }
    ))
  }

  /** The cursor with the earliest deadline; at equal deadlines the deepest task goes first. */
  next(context: DispatchContext): Cursor | undefined {
    let first: Cursor | undefined
    let least = Infinity
    for (const cursor of this.cursors) {
      const item = this.advance(cursor, context)
      if (item === undefined || item.deadlineMs > least) continue
      if (item.deadlineMs === least && cursor.task.depth < first!.task.depth) continue
      first = cursor
      least = item.deadlineMs
    }
    if (first === undefined) return undefined
    first.last = first.queue.at(first.position)
    return first
  }

  /** Moves to the next item, and past all items due by `dueMs`. */
  pass(cursor: Cursor, dueMs = -Infinity): void {
    cursor.position = Math.max(cursor.position + 1, cursor.queue.dueBy(dueMs))
  }

  /** Skips siblings of the last item, for which the same decision holds, and doomed queries. */
  private advance(cursor: Cursor, { paths, nowMs }: DispatchContext): Item | undefined {
    const { queue } = cursor
    if (cursor.looked >= this.mostLooked) return undefined
    for (;;) {
      const item = queue.at(cursor.position)
      if (item === undefined) return undefined
      const { last } = cursor
      const isAlike = last !== undefined && last.query === item.query && last.way === item.way
      if (isAlike || (item.query.rest.isLate && !this.lateToo)) {
        cursor.position++
        continue
      }
      const quickest = paths.quickest(item.way, item.query.level)
      if (quickest === undefined || nowMs + dispatch.doomed * quickest.chainMs <= item.deadlineMs) {
        return item
      }
      this.doomed.add(item.query)
      cursor.position++
    }
  }
}
