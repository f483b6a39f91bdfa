/**
 * `inferline`: InferLine as the Loki paper compares with it: the most accurate variants only.
 *
 * From the Loki artifact: hardware scaling as Loki's; where it fails, the largest share of the demand
 * that the best variants carry on all workers, the rest being routed all the same; work-conserving
 * batches.
 * Different: smooth round robin instead of lots and dropping at the leaf, both in its favour. The
 * real InferLine plans by greedy steps and provisions by traffic envelopes.
 *
 * @module
 */
import { workConserving } from './batching.ts'
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
  drop: 'per-task',
  batching: workConserving,
  dropsAhead: true,
})
