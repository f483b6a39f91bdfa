/**
 * `inferline`: InferLine as the Loki paper compares with it: the most accurate variants only.
 *
 * From the Loki artifact: hardware scaling as Loki's; where it fails, the largest share of the demand
 * that the best variants carry on all workers, the rest being routed all the same; work-conserving
 * batches.
 * Different, in its favour: smooth round robin instead of lots; dropped is what cannot be through a
 * task in its share of the SLO, or the leaf by the deadline. The real InferLine plans by greedy
 * steps and provisions by traffic envelopes.
 *
 * @module
 */
import { innerDueMs, workConserving } from './batching.ts'
import { hardwareScaling, largestShare } from './plans.ts'
import type { Strategy } from './strategy.ts'

const OPTIONS = { cap: 1, halving: 2 }

export const inferline = (): Strategy => ({
  name: 'inferline',
  allocate: (problem) => hardwareScaling(problem, OPTIONS) ?? largestShare(problem, OPTIONS),
  replans: true,
  routerCap: 1,
  leftover: 'capacity',
  pick: 'smooth',
  drop: 'last-task',
  batching: workConserving,
  dueMs: innerDueMs,
})
