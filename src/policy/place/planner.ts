/**
 * Placement as a service: what `workers/planner.ts` offers over comlink, where an error keeps nothing
 * but its message, so failures are answers too.
 *
 * @module
 */
import { place } from './place.ts'
import type { Placement } from './placement.ts'
import type { Problem } from './problem.ts'

export type PlannerAnswer =
  | { ok: true; placement: Placement }
  | { ok: false; reason: 'invalid_problem' | 'planner_failed'; message: string }

export interface Planner {
  place(problem: Problem): PlannerAnswer
}

export function createPlanner(): Planner {
  return {
    place(problem) {
      try {
        return { ok: true, placement: place(problem) }
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        const reason = error instanceof RangeError ? 'invalid_problem' : 'planner_failed'
        return { ok: false, reason, message }
      }
    },
  }
}
