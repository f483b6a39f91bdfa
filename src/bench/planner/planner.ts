/**
 * How long the planner takes, and how far from its bound it ends: pools of 10 to 10,000 nodes, 3
 * tasks with 15 variants, 6 classes, memory for one, some or all variants; then prices.
 * @module
 */
import { place } from '../../policy/place/place.ts'
import type { PlaceClass, Problem } from '../../policy/place/problem.ts'
import { createRandom } from '../../sim/random.ts'
import { median, quantile } from '../../cli/statistics.ts'
import { checkPipeline } from '../../pipeline/parse.ts'
import { shapesOf } from '../../policy/core/graph.ts'
import { Market } from '../../policy/price/market.ts'
import type { Supply } from '../../policy/price/problem.ts'
import { round } from '../tools.ts'

const NODES = [10, 100, 1000, 10_000]
const HOLDS = ['one', 'some', 'all'] as const
const TASKS = ['detect', 'classify', 'read']
/** Queries per second for each node: what the best variants carry, faster ones, and none. */
const LOADS = { light: 0.4, heavy: 8, beyond: 60 }
const BATCHES = [1, 2, 4, 8, 16]
const RUNS = 3
/** Of each variant and slot where a slot holds one. */
const ONE_BYTES = 20 * 2 ** 20

type Holds = typeof HOLDS[number]

/** Classes differ in speed, in how they take batches, and in who is good at what. */
export function plannerProblem(nodes: number, holds: Holds, perNodeS: number): Problem {
  const random = createRandom(7)
  const between = (from: number, to: number) => from + (to - from) * random()
  const variants = TASKS.flatMap((task, t) =>
    Array.from({ length: 5 }, (_, v) => ({
      ...{ pipeline: 'bench', task, variant: `${task}${v}` },
      ms: [20, 6, 12][t]! * (1 + v * 0.9),
      memoryBytes: (4 + 4 * v) * 2 ** 20,
      accuracy: 0.7 + 0.3 * Math.sqrt((v + 1) / 5),
    }))
  )
  const sizes = [0.3, 0.25, 0.15, 0.15, 0.1, 0.05].map((share) => Math.floor(share * nodes))
  sizes[0]! += nodes - sizes.reduce((sum, size) => sum + size, 0)
  const classes = sizes.map((slots, c): PlaceClass => ({
    name: `class${c}`,
    slots,
    dutySum: slots * (c === 2 ? 0.5 : 1),
    memoryBytes: { one: ONE_BYTES, some: 40 * 2 ** 20, all: Infinity }[holds],
    networkMs: [2, 5, 10, 20, 5, 40][c]!,
    able: variants.map(({ ms, accuracy: _, ...ref }) => {
      const oneMs = ms * [1, 1.6, 0.5, 3, 0.3, 2][c]! * between(0.7, 1.4)
      const grow = between(0.3, 1)
      return {
        ...ref,
        ...holds === 'one' ? { memoryBytes: ONE_BYTES } : {},
        points: BATCHES.map((batch) => ({ batch, latencyMs: oneMs * (1 + (batch - 1) * grow) })),
      }
    }),
  }))
  const tasks = Object.fromEntries(TASKS.map((task, t) => {
    const next = TASKS.slice(t + 1, t + 2)
    const own = variants.filter((one) => one.task === task)
    const fanOut = Object.fromEntries(next.map((child) => [child, [3, 1.5][t]!]))
    return [task, {
      next,
      variants: Object.fromEntries(own.map(({ variant, accuracy }) => [variant, {
        accuracy,
        fanOut,
      }])),
    }]
  }))
  const ratePerS = perNodeS * nodes
  return {
    pipelines: [{
      ...{ name: 'bench', weight: 1, sloMs: 1500, root: 'detect', tasks },
      ratePerS,
      // What chance adds to a second at the most: the coordinator has its plans carry that, too.
      peakPerS: ratePerS + 4.5 * Math.sqrt(ratePerS),
    }],
    classes,
  }
}

/** The batch size that slots are taken to run at, and how often prices are worked out. */
const BATCH = 4
const PRICE_RUNS = 300
const PRICE_WARM_UP = 50

/** How long prices take, as each 100 ms while serving: from those before, every slot holding all it can. */
function measurePrices({ pipelines, classes }: Problem) {
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
  const [shape] = shapes.pipelines.values()
  const times: number[] = []
  let market: Market | undefined
  for (let run = -PRICE_WARM_UP; run < PRICE_RUNS; run++) {
    // No two alike, as while serving.
    const demand = { shape: shape!, ratePerS: ratePerS * (1 + 0.001 * run), level: 0 }
    const startMs = performance.now()
    market = new Market(shapes, { ...supply, demands: [demand] }, market?.found())
    market.pricesAt(0.9)
    if (run >= 0) times.push(performance.now() - startMs)
  }
  const at = (share: number) => quantile(times, share).toFixed(2)
  return { 'prices ms, p50 / p99': `${at(0.5)} / ${at(0.99)}` }
}

export function bench() {
  const pools = NODES.flatMap((nodes) =>
    Object.entries(LOADS).map(([load, perNodeS]) => ({ nodes, load, perNodeS }))
  )
  const rows = HOLDS.flatMap((memory) =>
    pools.map(({ nodes, load, perNodeS }) => {
      const problem = plannerProblem(nodes, memory, perNodeS)
      let placement = place(problem)
      const times = Array.from({ length: RUNS }, () => {
        const startMs = performance.now()
        placement = place(problem)
        return performance.now() - startMs
      })
      const { gap } = placement
      return { nodes, memory, load, ms: round(median(times)), 'gap %': round(100 * gap, 2) }
    })
  )
  console.table(rows)
  const prices = pools.map(({ nodes, load, perNodeS }) => (
    { nodes, load, ...measurePrices(plannerProblem(nodes, 'all', perNodeS)) }
  ))
  console.log('prices, each 100 ms')
  console.table(prices)
  return Promise.resolve({ placement: rows, prices })
}
