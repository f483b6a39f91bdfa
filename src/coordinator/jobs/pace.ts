/**
 * Due times of the parts of a job, and the number of parts in the pool: jobs take the capacity that
 * interactive queries leave.
 *
 * Deadlines of the parts are spread evenly over the time that is left. The scheduler runs the
 * earliest deadline first: parts come last while there is time, and sooner when there is not. As
 * many parts are submitted as the pool can do, but only those needed to be in time count as demand:
 * more would have the scheduler take quicker variants, also for interactive queries.
 *
 * @module
 */
import { JOBS } from './params.ts'

export interface Left {
  nowMs: number
  /** The due time of the job; `null` without one. */
  byMs: number | null
  createdMs: number
  /** Parts without a result, this one among them; and how many of them are in the pool. */
  parts: number
  inPool: number
  /** The least time of a part. */
  leastMs: number
}

/** The time at which a job is to be done. */
export const wantedMs = ({ byMs, createdMs, nowMs }: Pick<Left, 'byMs' | 'createdMs' | 'nowMs'>) =>
  byMs ?? Math.max(createdMs + JOBS.usualMs, nowMs + JOBS.usualMs / 24)

/** The deadline of a part; all times are on one clock. */
export function dueOf({ parts, inPool, leastMs, ...times }: Left): number {
  const { nowMs } = times
  const endMs = wantedMs(times)
  const dueMs = nowMs + (endMs - nowMs) * (inPool + 1) / Math.max(parts, inPool + 1)
  return Math.min(Math.max(dueMs, nowMs + leastMs), nowMs + JOBS.mostMs)
}

export interface Wanted {
  /** The due time, and the pages that are left. */
  endMs: number
  pages: number
}

/**
 * The weight of each part of these jobs as a query, 0..1: the share of the pool's pace that is
 * needed for each job to be in time, with a margin.
 *
 * @param pagesPerMs the pool's pace for them; `null` where it is not known
 */
export function shareOf(jobs: readonly Wanted[], pagesPerMs: number | null, nowMs: number): number {
  if (pagesPerMs === null || pagesPerMs === 0) return 1
  let [pages, most] = [0, 0]
  for (const job of jobs.toSorted((a, b) => a.endMs - b.endMs)) {
    if (job.endMs <= nowMs) return 1
    pages += job.pages
    most = Math.max(most, JOBS.margin * pages / pagesPerMs / (job.endMs - nowMs))
  }
  return Math.min(1, most)
}

/**
 * The number of parts in the pool: halved by each refusal, as on a full network; grows with
 * results.
 */
export class Window {
  #share = 1

  /** @param slots slots of the pool that may work */
  size(slots: number): number {
    const most = Math.max(JOBS.leastWindow, slots * JOBS.windowPerSlot)
    return Math.max(1, Math.round(most * this.#share))
  }

  completed(): void {
    this.#share = Math.min(1, this.#share * 1.1)
  }

  refused(): void {
    this.#share = Math.max(1 / 64, this.#share / 2)
  }
}
