/**
 * `loki`: Loki, tuned as well as it can be without rules of another system: the one to beat.
 *
 * As `loki-published`, but
 * - tables are followed by smooth round robin instead of lots;
 * - plan and router fill workers to a share of their throughput only (`cap`, 0.85), so that queues
 *   stay short: lower, it loses less and is less accurate, higher the other way round;
 * - workers of one variant, which the paper's order does not tell apart, share its work evenly;
 * - demand beyond all capacity goes to each worker by its capacity;
 * - the drop policy is the one that did best: at a leaf what cannot end in time, before that what
 *   cannot be through its task in an equal share of the SLO (the artifact's budget of a task for
 *   which the plan has none);
 * - where no variants fit half of the deadline all of it may be used, as by `inferline`.
 * `drop` puts another of the four policies in place of the first part of the last rule but one.
 *
 * @module
 */
import { innerDueMs, workConserving } from './batching.ts'
import { dropRuleOf } from './drops.ts'
import { accuracyScaling, hardwareScaling } from './plans.ts'
import type { Strategy } from './strategy.ts'

const USUAL_CAP = 0.85

/** @throws RangeError for an unknown drop policy, or a cap that is no share */
export function loki(drop: string | undefined, cap: number = USUAL_CAP): Strategy {
  if (!(cap > 0 && cap <= 1)) {
    throw new RangeError(`Cannot plan with a cap of ${cap}: must be above 0 and at most 1`)
  }
  const options = { cap, halving: 2 }
  const hurried = { cap, halving: 1 }
  return {
    name: 'loki',
    allocate: (problem) =>
      hardwareScaling(problem, options) ?? accuracyScaling(problem, options) ??
        accuracyScaling(problem, hurried),
    replans: true,
    routerCap: cap,
    leftover: 'capacity',
    balanced: true,
    pick: 'smooth',
    drop: dropRuleOf(drop, 'last-task'),
    batching: workConserving,
    dropsAhead: true,
    dueMs: innerDueMs,
  }
}
