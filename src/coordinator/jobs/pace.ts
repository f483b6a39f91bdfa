/**
 * When each part of a job is due, and how many are inside the pool: the work of jobs takes what
 * interactive queries leave.
 *
 * Deadlines of the parts are spread evenly over the time that is left, so that the scheduler, which
 * takes the earliest first, puts them last while there is time and hurries them when there is not. As
 * many are asked as the pool can do, but only what is needed to be in time counts as demand: more of it
 * would have the scheduler take quicker variants, of queries beside it, too.
 *
 * @module
 */
import { JOBS } from './params.ts'

export interface Left {
  nowMs: number
  /** By when the job is to be done; `null` where nothing was said. */
  byMs: number | null
  createdMs: number
  /** Parts that have no result, this one among them, and those of them in the pool. */
  parts: number
  inside: number
  /** What a part takes at least, all in all. */
  leastMs: number
}

/** When a job is to be done. */
export const wantedMs = ({ byMs, createdMs, nowMs }: Pick<Left, 'byMs' | 'createdMs' | 'nowMs'>) =>
  byMs ?? Math.max(createdMs + JOBS.usualMs, nowMs + JOBS.usualMs / 24)

/** All on one clock. */
export function dueOf({ parts, inside, leastMs, ...times }: Left): number {
  const { nowMs } = times
  const endMs = wantedMs(times)
  const dueMs = nowMs + (endMs - nowMs) * (inside + 1) / Math.max(parts, inside + 1)
  return Math.min(Math.max(dueMs, nowMs + leastMs), nowMs + JOBS.mostMs)
}

export interface Wanted {
  /** By when, and how many pages are left. */
  endMs: number
  pages: number
}

/**
 * As how much of a query each part of these jobs counts, 0..1: the share of the pool's pace that is needed
 * for each of them to be in time, some margin with it.
 *
 * @param pagesPerMs what the pool does for them; `null` where that is not known
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

/** Halved by each refusal, as a sender on a full network does; grows back with what completes. */
export class Window {
  #share = 1

  /** @param slots of the pool that may work */
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
