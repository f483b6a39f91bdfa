/**
 * Random pools, pipelines and demands: what nobody had in mind when a rule was made.
 *
 * @module
 */
import { boundOf } from '../bound.ts'
import { checkScenario } from '../scenario.ts'
import {
  type Draw,
  drawOf,
  inOrder,
  limitOf,
  LOAD,
  makeClasses,
  makeRates,
  makeTasks,
  pointsOf,
  QUICKEST,
  quickestMs,
  secondsFor,
  SLO_MS,
  spread,
  type Task,
  taskJson,
} from './lot_draws.ts'
import type { Case } from './suite.ts'

export interface LotPool {
  scenario: Case['scenario']
  /** Accuracy of the best ways for all is possible at the mean demand. */
  bestCarries: boolean
  /** The mean demand, in shares of the most that can be carried. */
  load: number
}

/** A pipeline, what its variants take on a device of no particular speed, and its demand's draws. */
interface LotPipeline {
  json: object
  root: Task
  /** A unit of its variants' times, in ms. */
  unit: number
  sloMs: number
}

/** Share of the pool that the second of two pipelines is to have. */
const SECOND = [0.15, 0.85] as const

/**
 * @param instancesPerNode `"all"`, or so many variants on a node
 * @param pipelines that share the pool, one or two
 */
export function lotPool(
  lot: number,
  instancesPerNode: 'all' | number,
  pipelines: 1 | 2 = 1,
): LotPool {
  const draw = drawOf(lot)
  const { pick, scaled } = draw
  const root = makeTasks(draw)
  const sloMs = Math.round(scaled(SLO_MS))
  const classes = makeClasses(draw)
  const slowest = Math.max(...classes.map(({ times }) => times))
  const first = makePipeline('lot', root, sloMs, slowest, draw)
  const roundTripMs = Math.min(pick([1, 3, 10, 40]), Math.round(sloMs / 10))
  const other = drawOf(lot, 'second of two')
  const all = pipelines === 1 ? [first] : [first, makeSecond(roundTripMs, slowest, other)]
  const tasks = all.flatMap(({ root, unit }) => inOrder(root).map((task) => ({ task, unit })))
  // Where a node holds one variant there have to be some more of them than tasks.
  const fewest = Math.max(instancesPerNode === 'all' ? 2 : tasks.length + 2, classes.length)
  const nodes = Math.max(fewest, Math.round(scaled([2, 32])))
  const counts = spread(nodes, classes.length, draw)
  const json = (rates: readonly number[][], binSeconds = 1): Case['scenario'] => {
    const workloads = all.map(({ json }, i) => ({
      pipeline: json,
      trace: { binSeconds, rates: [...rates[i]!] },
    }))
    return {
      schema: 'shoal-scenario/1',
      ...workloads.length === 1 ? workloads[0] : { workloads },
      classes: Object.fromEntries(classes.map(({ name, times }) => [name, {
        latencyMs: Object.fromEntries(
          tasks.flatMap(({ task: { variants }, unit }) =>
            variants.map((one) => [one.name, pointsOf(one, unit * times)])
          ),
        ),
        ...{ instancesPerNode, roundTripMs, swapMs: 1000 },
      }])),
      pool: classes.map(({ name }, c) => ({ class: name, count: counts[c] })),
      noise: { latencyCv: pick([0, 0.05, 0.2]) },
      seed: lot,
    }
  }
  const bound = boundOf(checkScenario(json(all.map(() => [1])), `lot ${lot}`))
  // What each alone could have, and of that the share that is to be its own.
  const second = other.within(SECOND)
  const shares = pipelines === 1 ? [1] : [1 - second, second]
  const mostPerS = shares.map((share, own) =>
    share * limitOf((perS) => bound.served(...all.map((_, i) => i === own ? perS : 0)) > 0.999)
  )
  const load = draw.within(LOAD)
  const rates = (times: number) => mostPerS.map((perS) => times * perS)
  const best = bound(...rates(1e-3)).accuracy
  const seconds = secondsFor(rates(load).reduce((sum, perS) => sum + perS, 0))
  return {
    scenario: json(rates(load).map((perS, i) => makeRates(perS, i === 0 ? draw : other, seconds))),
    bestCarries: bound(...rates(load)).accuracy > best - 0.002,
    load,
  }
}

function makeSecond(roundTripMs: number, slowest: number, draw: Draw): LotPipeline {
  const root = makeTasks(draw, 'other')
  const sloMs = Math.max(Math.round(draw.scaled(SLO_MS)), 10 * roundTripMs)
  return makePipeline('second', root, sloMs, slowest, draw)
}

function makePipeline(
  name: string,
  root: Task,
  sloMs: number,
  slowest: number,
  { within }: Draw,
): LotPipeline {
  return {
    ...{ root, sloMs },
    // Times so far are in no unit: the quickest way shall take such a part of the SLO.
    unit: within(QUICKEST) * sloMs / (quickestMs(root) * slowest),
    json: {
      ...{ schema: 'shoal-pipeline/1', name, sloMs, root: root.name },
      tasks: Object.fromEntries(inOrder(root).map((task) => [task.name, taskJson(task)])),
    },
  }
}
