/**
 * Plans as a service: what `workers/planner.ts` offers over comlink, where an error keeps nothing
 * but its message, so failures are answers too.
 *
 * @module
 */
import { allocatePlain } from './baselines/allocate.ts'
import type { PlainAllocation, PlainProblem } from './baselines/plain.ts'
import { place } from './place/place.ts'
import type { Placement } from './place/placement.ts'
import type { Problem } from './place/problem.ts'

export interface PlannerFailure {
  ok: false
  reason: 'invalid_problem' | 'planner_failed'
  message: string
}

export interface Placed {
  ok: true
  placement: Placement
}

export interface Allocated {
  ok: true
  /** Undefined where nothing can be planned. */
  allocation: PlainAllocation | undefined
}

export interface Planner {
  place(problem: Problem): Placed | PlannerFailure
  /** The plan of a baseline. */
  allocate(problem: PlainProblem): Allocated | PlannerFailure
}

function failed(error: unknown): PlannerFailure {
  const message = error instanceof Error ? error.message : String(error)
  const reason = error instanceof RangeError ? 'invalid_problem' : 'planner_failed'
  return { ok: false, reason, message }
}

export function createPlanner(): Planner {
  return {
    place(problem) {
      try {
        return { ok: true, placement: place(problem) }
      } catch (error) {
        return failed(error)
      }
    },
    allocate(problem) {
      try {
        return { ok: true, allocation: allocatePlain(problem) }
      } catch (error) {
        return failed(error)
      }
    },
  }
}
