/**
 * How long prices take, for the pools of `planner.ts`: each slot holds what it can, and what a millisecond
 * of each class is worth is worked out for a demand.
 * @module
 */
import { checkPipeline } from '../../pipeline/parse.ts'
import { Market } from '../../policy/price/market.ts'
import type { Supply } from '../../policy/price/problem.ts'
import type { Problem } from '../../policy/place/problem.ts'
import { shapesOf } from '../../policy/core/graph.ts'
import { quantile } from '../../cli/statistics.ts'

const RUNS = 300
const WARM_UP = 50

/** The batch size that slots are taken to run at. */
const BATCH = 4

/** The same pool and pipeline as the planner's problem, every slot holding all its class is able to. */
function supplyOf({ pipelines, classes }: Problem) {
  const [{ name, sloMs, root, tasks, ratePerS }] = pipelines as [Problem['pipelines'][number]]
  const shapes = shapesOf([
    checkPipeline({ schema: 'shoal-pipeline/1', name, sloMs, root, tasks }, 'bench'),
  ])
  const supply: Supply = {
    groups: classes.map(({ name, slots }) => ({ key: name, slots })),
    duties: classes.map(({ dutySum }) => dutySum),
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
  }
  return { shapes, supply, ratePerS }
}

/** One row: what is solved each 100 ms while serving, from the solution before. */
export function measurePrices(given: Problem) {
  const { shapes, supply, ratePerS } = supplyOf(given)
  const [shape] = shapes.pipelines.values()
  const times: number[] = []
  let market: Market | undefined
  for (let run = -WARM_UP; run < RUNS; run++) {
    // No two alike, as while serving.
    const demand = { shape: shape!, ratePerS: ratePerS * (1 + 0.001 * run), level: 0 }
    const startMs = performance.now()
    market = new Market(shapes, { ...supply, demands: [demand] }, market?.found())
    market.pricesAt(0.9)
    if (run >= 0) times.push(performance.now() - startMs)
  }
  const { served, accuracy } = market!.plan
  return {
    'prices ms, p50 / p99': `${quantile(times, 0.5).toFixed(2)} / ${
      quantile(times, 0.99).toFixed(2)
    }`,
    served: Number(served.toFixed(3)),
    accuracy: Number(accuracy.toFixed(3)),
  }
}
