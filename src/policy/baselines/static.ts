/**
 * `static`: the most accurate variants, divided among the tasks so that they carry most, once and for
 * all (again only when the pool changes). What a system without any scaling does. Drops as InferLine.
 *
 * @module
 */
import { innerDueMs, workConserving } from './batching.ts'
import { largestShare } from './plans.ts'
import type { Strategy } from './strategy.ts'

const OPTIONS = { cap: 1, halving: 2 }
/** So much demand that every worker is wanted. */
const ANY_DEMAND = 1e4

export const fixed = (): Strategy => ({
  name: 'static',
  allocate: (problem) =>
    largestShare({
      ...problem,
      ratePerS: new Map(problem.model.pipelines.map((one) => [one, ANY_DEMAND])),
    }, OPTIONS),
  replans: false,
  routerCap: 1,
  leftover: 'capacity',
  pick: 'smooth',
  drop: 'last-task',
  batching: workConserving,
  dueMs: innerDueMs,
})
