/**
 * The two steps of the Loki paper, and what the baselines make of them.
 *
 * @module
 */
import { allocate, type MilpAnswer } from './milp.ts'
import type { PipelineModel, Task, Variant } from './model.ts'
import { type Split, splitsOf } from './splits.ts'
import type { Allocation, Problem } from './strategy.ts'

export interface PlanOptions {
  /** Share of a worker's throughput that the plan uses. */
  cap: number
  /** The paper's halving of the latency budget. */
  halving: number
}

type VariantsOf = (task: Task) => readonly Variant[]

/** Of those that a device of the pool can run at all: what needs a GPU is no choice without one. */
const mostAccurate = ({ classes }: Problem): VariantsOf => ({ variants }) => {
  const runs = (variant: Variant) =>
    classes.some((one) => one.class.latencyMs(variant, 1) < Infinity)
  return [variants.find(runs) ?? variants[0]!]
}
const all: VariantsOf = (task) => task.variants
/** Divisions that are solved in whole numbers, the most promising first. */
const MAX_SOLVED = 8
const WHOLE = 1 - 1e-4

/** Step 1, hardware scaling: the most accurate variants with the fewest workers. */
export function hardwareScaling(problem: Problem, options: PlanOptions): Allocation | undefined {
  const answer = overSplits(problem, options, mostAccurate(problem), 'fewest')
  return answer && allocationOf(
    problem,
    answer,
    'hardware',
    'The most accurate variants carry the demand; fewest workers',
  )
}

/** Step 2, accuracy scaling: all workers, the most accuracy; and what can be served, if not all. */
export function accuracyScaling(problem: Problem, options: PlanOptions): Allocation | undefined {
  const answer = overSplits(problem, options, all, 'best')
  if (answer === undefined) return undefined
  const whole = [...answer.served.values()].every((share) => share >= WHOLE)
  return whole
    ? allocationOf(problem, answer, 'accuracy', 'All workers, at the most accuracy for the demand')
    : allocationOf(problem, answer, 'saturated', 'Not all demand can be carried: most served')
}

/**
 * InferLine's answer where hardware scaling fails: the largest share that the best variants carry. It
 * has nothing else to turn to, so where they do not fit half of the deadline, all of it may be used.
 */
export function largestShare(problem: Problem, options: PlanOptions): Allocation | undefined {
  const answer = overSplits(problem, options, mostAccurate(problem), 'best') ??
    overSplits(problem, { ...options, halving: 1 }, mostAccurate(problem), 'best')
  return answer &&
    allocationOf(problem, answer, 'saturated', 'The largest share that the best variants carry')
}

function overSplits(
  problem: Problem,
  { cap, halving }: PlanOptions,
  variantsOf: VariantsOf,
  goal: 'fewest' | 'best',
): MilpAnswer | undefined {
  const solveWith = (splits: Map<PipelineModel, Split>, integers: boolean) =>
    allocate({ problem, splits, goal, cap, integers })
  const ranked = new Map<PipelineModel, { split: Split; score: number }[]>()
  for (const pipeline of problem.model.pipelines) {
    const scored = splitsOf(problem, pipeline, variantsOf, halving).flatMap((split) => {
      const score = solveWith(new Map([[pipeline, split]]), false)?.score
      return score === undefined ? [] : [{ split, score }]
    })
    if (scored.length === 0) return undefined
    ranked.set(pipeline, scored.sort((a, b) => b.score - a.score))
  }
  let best: MilpAnswer | undefined
  for (let i = 0; i < MAX_SOLVED; i++) {
    const chosen = [...ranked].map(([pipeline, list]) =>
      [pipeline, list[Math.min(i, list.length - 1)]!] as const
    )
    const bound = chosen.reduce((sum, [, { score }]) => sum + score, 0)
    const deepest = Math.max(...[...ranked.values()].map(({ length }) => length))
    if (i >= deepest || (best !== undefined && ranked.size === 1 && bound <= best.score)) break
    const answer = solveWith(new Map(chosen.map(([p, { split }]) => [p, split])), true)
    if (answer !== undefined && (best === undefined || answer.score > best.score)) best = answer
  }
  return best
}

function allocationOf(
  problem: Problem,
  { groups, flows, served, accuracy }: MilpAnswer,
  mode: Allocation['mode'],
  reason: string,
): Allocation {
  let objective = 0
  let bound = 0
  for (const [pipeline, share] of served) {
    const rate = problem.ratePerS.get(pipeline)!
    objective += rate * share * accuracy.get(pipeline)!
    bound += rate
  }
  return {
    mode,
    reason,
    objective,
    bound,
    groups,
    mix: flows.map(({ pipeline, path, share }) => ({
      pipeline: pipeline.name,
      path: path.map(({ ref }) => ref.variant),
      share,
    })),
  }
}
