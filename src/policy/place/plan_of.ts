/**
 * A placement as the plan that the scheduler takes in.
 *
 * @module
 */
import type { Placement } from './placement.ts'
import type { Plan } from '../core/types.ts'

/** @param solveMs time that the planner took; 0 in virtual time */
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
