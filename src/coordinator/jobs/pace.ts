/**
 * When each part of a job is due, and how many are inside the pool: the work of jobs takes what
 * interactive queries leave.
 *
 * Deadlines of the parts are spread evenly over the time that is left, so that the scheduler, which
 * takes the earliest first, puts them last while there is time and hurries them when there is not.
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

/** All on one clock. */
export function dueOf({ nowMs, byMs, createdMs, parts, inside, leastMs }: Left): number {
  const endMs = byMs ?? Math.max(createdMs + JOBS.usualMs, nowMs + JOBS.usualMs / 24)
  const dueMs = nowMs + (endMs - nowMs) * (inside + 1) / Math.max(parts, inside + 1)
  return Math.min(Math.max(dueMs, nowMs + leastMs), nowMs + JOBS.mostMs)
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
