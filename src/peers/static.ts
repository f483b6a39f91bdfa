/**
 * `static`: the most accurate variants, divided among the tasks so that they carry most, once and for
 * all (again only when the pool changes). What a system without any scaling does. Drops as InferLine.
 *
 * Several pipelines get room for the same multiple of what each is asked at first.
 *
 * @module
 */
import { innerDueMs, workConserving } from './batching.ts'
import { hardwareScaling, largestShare } from './plans.ts'
import type { Allocation, Problem, Strategy } from './strategy.ts'

const OPTIONS = { cap: 1, halving: 2 }
/** So much demand of one pipeline that every worker is wanted. */
const ANY_DEMAND = 1e4
/** Halvings of the interval in which the multiple is sought. */
const STEPS = 20

export const fixed = (): Strategy => ({
  name: 'static',
  allocate: (problem) =>
    problem.model.pipelines.length === 1
      ? largestShare(withRates(problem, () => ANY_DEMAND), OPTIONS)
      : largestMultiple(problem),
  replans: false,
  routerCap: 1,
  leftover: 'capacity',
  pick: 'smooth',
  drop: 'last-task',
  batching: workConserving,
  dueMs: innerDueMs,
})

function largestMultiple(problem: Problem): Allocation | undefined {
  const times = (multiple: number) =>
    withRates(problem, (ratePerS) => multiple * Math.max(ratePerS, 0.01))
  let best: Allocation | undefined
  let low = 0
  let high = ANY_DEMAND
  for (let step = 0; step < STEPS; step++) {
    // By factors while nothing is known below, so that small multiples are found, too.
    const middle = low === 0 ? high / 4 : (low + high) / 2
    const allocation = hardwareScaling(times(middle), OPTIONS)
    if (allocation === undefined) high = middle
    else [best, low] = [allocation, middle]
  }
  return best ?? largestShare(problem, OPTIONS)
}

function withRates(problem: Problem, of: (ratePerS: number) => number): Problem {
  const ratePerS = new Map([...problem.ratePerS].map(([one, rate]) => [one, of(rate)]))
  return { ...problem, ratePerS }
}
