/**
 * How long the frontier's linear program takes, for the pools of `planner.ts`: each slot holds
 * what it can, the mix of paths is worked out for a demand.
 *
 * @module
 */
import { checkPipeline } from '../../pipeline/parse.ts'
import { groupPrices } from '../../policy/frontier/prices.ts'
import type { FrontierProblem } from '../../policy/frontier/problem.ts'
import { solveFrontier } from '../../policy/frontier/solve.ts'
import type { Problem } from '../../policy/place/problem.ts'
import { shapesOf } from '../../policy/shape.ts'
import { quantile } from '../../cli/statistics.ts'

const RUNS = 300
const WARM_UP = 50

/** The batch size that slots are taken to run at. */
const BATCH = 4

/** The same pool and pipeline as the planner's problem, every slot holding all its class is able to. */
function frontierOf({ pipelines, classes }: Problem) {
  const [{ name, sloMs, root, tasks, ratePerS }] = pipelines as [Problem['pipelines'][number]]
  const shapes = shapesOf([
    checkPipeline({ schema: 'shoal-pipeline/1', name, sloMs, root, tasks }, 'bench'),
  ])
  const problem: FrontierProblem = {
    groups: classes.map(({ name, slots, dutySum }) => (
      { key: name, class: name, slots, duty: dutySum }
    )),
    services: shapes.variants.map(({ ref }) =>
      classes.flatMap(({ able, networkMs }, group) => {
        const points = able.find(({ variant }) => variant === ref.variant)?.points ?? []
        const one = points.find(({ batch }) => batch === 1)
        const some = points.find(({ batch }) => batch === BATCH)
        if (one === undefined || some === undefined) return []
        return [{ group, costMs: some.latencyMs / BATCH, aloneMs: one.latencyMs + networkMs }]
      })
    ),
    fanOut: shapes.variants.map(({ fanOut }) => fanOut),
    ratesPerS: [ratePerS],
    aim: 1,
  }
  return { shapes, problem }
}

const spread = (ms: readonly number[]) =>
  `${quantile(ms, 0.5).toFixed(2)} / ${quantile(ms, 0.99).toFixed(2)}`

/** One row: the program of each 100 ms, and that of each second. */
export function measureFrontier(given: Problem) {
  const { shapes, problem } = frontierOf(given)
  const solveMs: number[] = []
  const pricesMs: number[] = []
  let mix = solveFrontier(shapes, problem)
  for (let run = -WARM_UP; run < RUNS; run++) {
    // No two alike, as while serving.
    const ratesPerS = problem.ratesPerS.map((rate) => rate * (1 + 0.001 * run))
    const startMs = performance.now()
    mix = solveFrontier(shapes, { ...problem, ratesPerS })
    const solvedMs = performance.now()
    groupPrices(shapes, { ...problem, ratesPerS })
    if (run < 0) continue
    solveMs.push(solvedMs - startMs)
    pricesMs.push(performance.now() - solvedMs)
  }
  const { served, accuracy } = mix!.pipelines[0]!
  return {
    'mix ms, p50 / p99': spread(solveMs),
    'prices ms, p50 / p99': spread(pricesMs),
    served: Number(served.toFixed(3)),
    accuracy: Number(accuracy.toFixed(3)),
  }
}
