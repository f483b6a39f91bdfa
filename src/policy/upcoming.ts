/**
 * What is to come of all that is inside: the work that waits, and the work that batches under way
 * will hand on, each item valued as the mix in force does it and what follows from it. What the mix
 * is to follow is the queue; what is handed on counts by how much more or less of it there is than
 * of late, since that much will stand in the queue a moment from now.
 *
 * @module
 */
import type { FanOut } from './fanout.ts'
import type { Mix } from './frontier/mix.ts'
import type { Shapes } from './shape.ts'
import type { Waiting } from './waiting.ts'

export interface Upcoming {
  /** Time of the whole pool for it, in ms; below 0 where less than usual is handed on. */
  ms(nowMs: number): number
  /** What a mix makes of an item. */
  adopt(mix: Mix): void
}

export interface UpcomingParts {
  shapes: Shapes
  waiting: Waiting
  fanOut: FanOut
  /** Items under way, by index of the variant. */
  running: readonly number[]
}

/** What is usual is the mean of so long. */
const USUAL_MS = 2000

export function createUpcoming({ shapes, waiting, fanOut, running }: UpcomingParts): Upcoming {
  let mix: Mix | undefined
  let usualMs: number | undefined
  let atMs = 0

  /** Of the tasks that come after those that run. */
  function handedOnMs(taskMs: readonly number[]): number {
    let sum = 0
    for (const variant of shapes.variants) {
      const items = running[variant.index] ?? 0
      if (items === 0) continue
      variant.task.next.forEach((child, i) => {
        sum += items * fanOut.mean(variant, i) * (taskMs[child.index] ?? 0)
      })
    }
    return sum
  }

  return {
    ms(nowMs) {
      if (mix === undefined) return 0
      const { taskMs } = mix
      let queuedMs = 0
      for (const [task, queue] of waiting.queues) {
        queuedMs += queue.length * (taskMs[task.index] ?? 0)
      }
      const soonMs = handedOnMs(taskMs)
      usualMs ??= soonMs
      usualMs += (soonMs - usualMs) * (1 - Math.exp((atMs - nowMs) / USUAL_MS))
      atMs = nowMs
      return queuedMs + soonMs - usualMs
    },
    adopt: (next) => void (mix = next),
  }
}
