/**
 * The two steps of the Loki paper, and what the peers make of them.
 *
 * @module
 */
import { bestApart, together } from './apart.ts'
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
  options: PlanOptions,
  variantsOf: VariantsOf,
  goal: 'fewest' | 'best',
): MilpAnswer | undefined {
  const [only, ...others] = problem.classes.filter(({ count }) => count > 0)
  if (problem.model.pipelines.length < 2 || only === undefined || others.length > 0) {
    return solved(problem, problem.model.pipelines, options, variantsOf, goal)
  }
  const { pipelines } = problem.model
  const alone = (pipeline: PipelineModel, count: number) =>
    solved({ ...problem, classes: [{ ...only, count }] }, [pipeline], options, variantsOf, goal)
  if (goal === 'best') {
    const fluid = fluidWorkers(problem, options, variantsOf)
    const apart = fluid && bestApart({ count: only.count, pipelines, fluid, solve: alone })
    // Fewer workers than pipelines can still serve some.
    return apart ?? solved(problem, pipelines, options, variantsOf, goal)
  }
  const answers = pipelines.flatMap((pipeline) => alone(pipeline, only.count) ?? [])
  const used = answers.reduce((sum, { groups }) => sum + workersIn(groups), 0)
  return answers.length === pipelines.length && used <= only.count ? together(answers) : undefined
}

const workersIn = (groups: readonly { count: number }[]) =>
  groups.reduce((sum, { count }) => sum + count, 0)

/** How many workers each pipeline would have if they could be divided at will. */
function fluidWorkers(
  problem: Problem,
  { cap, halving }: PlanOptions,
  variantsOf: VariantsOf,
): ReadonlyMap<PipelineModel, number> | undefined {
  const ranked = rank(problem, problem.model.pipelines, { cap, halving }, variantsOf, 'best')
  if (ranked === undefined) return undefined
  const splits = new Map([...ranked].map(([pipeline, [first]]) => [pipeline, first!.split]))
  return allocate({ problem, splits, goal: 'best', cap, integers: false })?.workers
}

type Ranked = Map<PipelineModel, { split: Split; score: number }[]>

/** The divisions of each pipeline's budget, the one that fluid workers do most with first. */
function rank(
  problem: Problem,
  pipelines: readonly PipelineModel[],
  { cap, halving }: PlanOptions,
  variantsOf: VariantsOf,
  goal: 'fewest' | 'best',
): Ranked | undefined {
  const ranked: Ranked = new Map()
  for (const pipeline of pipelines) {
    const scored = splitsOf(problem, pipeline, variantsOf, halving).flatMap((split) => {
      const splits = new Map([[pipeline, split]])
      const score = allocate({ problem, splits, goal, cap, integers: false })?.score
      return score === undefined ? [] : [{ split, score }]
    })
    if (scored.length === 0) return undefined
    ranked.set(pipeline, scored.sort((a, b) => b.score - a.score))
  }
  return ranked
}

/** Of these pipelines at once, in whole numbers. */
function solved(
  problem: Problem,
  pipelines: readonly PipelineModel[],
  options: PlanOptions,
  variantsOf: VariantsOf,
  goal: 'fewest' | 'best',
): MilpAnswer | undefined {
  const ranked = rank(problem, pipelines, options, variantsOf, goal)
  if (ranked === undefined) return undefined
  let best: MilpAnswer | undefined
  for (let i = 0; i < MAX_SOLVED; i++) {
    const chosen = [...ranked].map(([pipeline, list]) =>
      [pipeline, list[Math.min(i, list.length - 1)]!] as const
    )
    const bound = chosen.reduce((sum, [, { score }]) => sum + score, 0)
    const deepest = Math.max(...[...ranked.values()].map(({ length }) => length))
    if (i >= deepest || (best !== undefined && ranked.size === 1 && bound <= best.score)) break
    const splits = new Map(chosen.map(([p, { split }]) => [p, split]))
    const answer = allocate({ problem, splits, goal, cap: options.cap, integers: true })
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
