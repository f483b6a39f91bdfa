/**
 * The planner as a service, offered by `workers/planner.ts` over comlink. Comlink keeps only the message
 * of an error, so failures are returned as values.
 *
 * @module
 */
import type { Plan } from '../core/types.ts'
import { place } from './place.ts'
import type { Placement, Problem } from './problem.ts'

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
  /** Undefined if nothing can be planned. */
  allocation: object | undefined
}

export interface Planner {
  place(problem: Problem): Placed | PlannerFailure
  /** The allocation of a peer, from plain data (`elsewhere` of a policy). */
  allocate(problem: object): Allocated | PlannerFailure
}

function failed(error: unknown): PlannerFailure {
  const message = error instanceof Error ? error.message : String(error)
  const reason = error instanceof RangeError ? 'invalid_problem' : 'planner_failed'
  return { ok: false, reason, message }
}

/** @param allocate makes the allocation of a peer; undefined if nothing can be planned */
export function createPlanner(allocate: (problem: object) => object | undefined): Planner {
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
        return { ok: true, allocation: allocate(problem) }
      } catch (error) {
        return failed(error)
      }
    },
  }
}

/**
 * Converts a placement to the plan that the scheduler takes.
 *
 * @param solveMs duration of solving; 0 in virtual time
 */
export function planOf(epoch: number, placement: Placement, solveMs = 0): Plan {
  const { mode, objective, bound, gap, reason, mix, classes } = placement
  const sum = (key: 'awake' | 'standby' | 'resting') =>
    classes.reduce((total, one) => total + one[key], 0)
  return {
    epoch,
    mode,
    objective,
    bound,
    gap,
    reason,
    solveMs,
    mix,
    instances: classes.flatMap((one) =>
      one.sets.flatMap(({ variants, slots }) =>
        variants.map((ref) => ({ ...ref, class: one.class, count: slots }))
      )
    ),
    awake: sum('awake'),
    standby: sum('standby'),
    resting: sum('resting'),
    placement,
  }
}
