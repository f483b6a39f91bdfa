/**
 * Where one pass over the queues stands: the most urgent item first that was not looked at, each query
 * once, and the queries that are beyond help.
 *
 * @module
 */
import type { Item, Query } from '../queue/query.ts'
import type { DeadlineQueue } from '../queue/queue.ts'
import type { Waiting } from '../queue/waiting.ts'
import type { TaskShape } from '../shape.ts'
import { dispatch } from './params.ts'
import type { Sight } from './value.ts'

/** In the queue of one task. */
export interface Cursor {
  task: TaskShape
  queue: DeadlineQueue<Item>
  position: number
  looked: number
  last: Item | undefined
}

export class Cursors {
  /** Queries that nothing can serve in time; to be dropped once the pass is over. */
  readonly doomed = new Set<Query>()
  private readonly cursors: Cursor[]

  constructor(tasks: ReadonlySet<TaskShape>, waiting: Waiting) {
    this.cursors = [...tasks].map((task) => (
      { task, queue: waiting.of(task), position: 0, looked: 0, last: undefined }
    ))
  }

  /** The cursor at the most urgent item that was not looked at; of one deadline the deeper first. */
  next(sight: Sight): Cursor | undefined {
    let first: Cursor | undefined
    let least = Infinity
    for (const cursor of this.cursors) {
      const item = this.advance(cursor, sight)
      if (item === undefined || item.deadlineMs > least) continue
      if (item.deadlineMs === least && cursor.task.depth < first!.task.depth) continue
      first = cursor
      least = item.deadlineMs
    }
    if (first === undefined) return undefined
    first.looked++
    first.last = first.queue.at(first.position)
    return first
  }

  /** Passes over siblings, for which the same holds as for the first, and over the doomed. */
  private advance(cursor: Cursor, { paths, nowMs }: Sight): Item | undefined {
    const { queue } = cursor
    if (cursor.looked >= dispatch.look) return undefined
    for (;;) {
      const item = queue.at(cursor.position)
      if (item === undefined) return undefined
      const { last } = cursor
      if (last !== undefined && last.query === item.query && last.way === item.way) {
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
