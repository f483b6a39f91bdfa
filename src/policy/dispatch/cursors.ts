/**
 * Where one pass over the queues stands: the most urgent item first that was not looked at, each query
 * once, and the queries that are beyond help.
 *
 * @module
 */
import type { Item, Query } from '../state/query.ts'
import type { DeadlineQueue } from '../state/queue.ts'
import type { Waiting } from '../state/waiting.ts'
import type { TaskShape } from '../core/graph.ts'
import { dispatch } from './params.ts'
import type { DispatchContext } from './value.ts'

/** In the queue of one task. */
export interface Cursor {
  task: TaskShape
  /** The look since which slots have had the room for it that they have. */
  since: number
  queue: DeadlineQueue<Item>
  position: number
  /** Items that slots with room could do, and were left to others. */
  looked: number
  last: Item | undefined
}

export class Cursors {
  private readonly cursors: Cursor[]
  private readonly mostLooked: number

  /**
   * @param tasks those that a slot with room could take, and since when
   * @param doomed takes queries that nothing can serve in time; to be dropped once the pass is over
   * @param lateToo with items of queries that are late by the deadline test
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

  /** The cursor at the most urgent item that was not looked at; of one deadline the deeper first. */
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

  /** Goes on to the next item, behind those due by then. */
  pass(cursor: Cursor, dueMs = -Infinity): void {
    cursor.position = Math.max(cursor.position + 1, cursor.queue.dueBy(dueMs))
  }

  /** Passes over siblings, for which the same holds as for the first, and over the doomed. */
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
