/**
 * What is to come of all that is inside: the work that waits, and the work that batches under way
 * will hand on, each item valued as the mix in force does it and what follows from it. What the mix
 * is to follow is the queue; what is handed on counts by how much more or less of it there is than
 * of late, since that much will stand in the queue a moment from now.
 *
 * The work of each pipeline is measured by the time that its own queries have: a second of work is
 * nothing to those that have ten, and too late for those that have half of one. The most urgent
 * go first, whoever they are, so work that has waited until little time is left stands before that
 * of pipelines with a shorter SLO: it is measured by what its first item has left.
 *
 * @module
 */
import type { FanOut } from '../demand/fanout.ts'
import type { Waiting } from '../queue/waiting.ts'
import { leastSloMs, type PipelineShape, type Shapes } from '../shape.ts'
import type { Mix } from './mix.ts'

export interface Upcoming {
  /**
   * Time of the whole pool for it, in shares of SLOs: of each pipeline's its own. Below 0 where less
   * than usual is handed on.
   */
  shares(nowMs: number): number
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

/** Of one pipeline, in time of the whole pool. */
interface Own {
  queuedMs: number
  handedOnMs: number
  /** The mean of that. */
  usualMs: number | undefined
  /** Time that is left to the first that waits. */
  leftMs: number
}

const NOTHING = { queuedMs: 0, handedOnMs: 0, leftMs: Infinity }

/** What is usual is the mean of so long. */
const USUAL_MS = 2000

export function createUpcoming({ shapes, waiting, fanOut, running }: UpcomingParts): Upcoming {
  let mix: Mix | undefined
  const known = new Map<PipelineShape, Own>()
  let atMs = 0

  /** What stands in the queues, and what batches hand on to the tasks that come after those that run. */
  function count(taskMs: readonly number[], nowMs: number): void {
    for (const shape of shapes.pipelines.values()) {
      let own = known.get(shape)
      if (own === undefined) known.set(shape, own = { usualMs: undefined, ...NOTHING })
      Object.assign(own, NOTHING)
    }
    for (const shape of known.size > shapes.pipelines.size ? known.keys() : []) {
      if (shapes.pipelines.get(shape.name) !== shape) known.delete(shape)
    }
    for (const [task, queue] of waiting.queues) {
      const own = known.get(task.pipeline)
      const first = queue.at(0)
      if (own === undefined || first === undefined) continue
      own.queuedMs += queue.length * (taskMs[task.index] ?? 0)
      own.leftMs = Math.min(own.leftMs, first.deadlineMs - nowMs)
    }
    for (const variant of shapes.variants) {
      const items = running[variant.index] ?? 0
      const own = items === 0 ? undefined : known.get(variant.task.pipeline)
      if (own === undefined) continue
      variant.task.next.forEach((child, i) => {
        own.handedOnMs += items * fanOut.mean(variant, i) * (taskMs[child.index] ?? 0)
      })
    }
  }

  return {
    shares(nowMs) {
      if (mix === undefined) return 0
      count(mix.taskMs, nowMs)
      const leastMs = leastSloMs(shapes)
      const news = 1 - Math.exp((atMs - nowMs) / USUAL_MS)
      let sum = 0
      for (const [{ pipeline: { sloMs } }, own] of known) {
        own.usualMs ??= own.handedOnMs
        own.usualMs += (own.handedOnMs - own.usualMs) * news
        const upcomingMs = own.queuedMs + own.handedOnMs - own.usualMs
        sum += upcomingMs / Math.max(leastMs, Math.min(sloMs, own.leftMs))
      }
      atMs = nowMs
      return sum
    },
    adopt: (next) => void (mix = next),
  }
}
