/**
 * The scenes of elastic policies for Shoal's own scheduler, in the simulator of pools: each stage is a
 * task with one variant, and each node, of one slot, can hold all of them.
 *
 * @module
 */
import { createScaler, type RulesName } from '../../peers/scalers.ts'
import type { ParamValues } from '../../policy/params.ts'
import { createRandom, seedFor } from '../random.ts'
import type { SimulationResult } from '../result.ts'
import { runPolicy } from '../run_policy.ts'
import { checkScenario } from '../scenario.ts'
import { arrivalsOf, type ElasticResult, type ElasticScene, optionsOf } from './run.ts'

/** Nodes that there are, cold ones with them, for each instance that the busiest second needs. */
const SPARE = 1.5

/** Other than an instance a node is somewhere else, if near. */
const HOP_MS = 1

/** JSON of `shoal-scenario/1`. */
function scenarioJson(scene: ElasticScene, rules?: RulesName) {
  const { stages, sloMs, perS, coldMs, latencyCv, seed } = scene
  const nodesOf = (policy: string) =>
    createScaler(policy, optionsOf(scene), rules).first
      .reduce((sum, { instances }) => sum + instances, 0)
  const first = nodesOf('horizontal')
  const more = Math.ceil(SPARE * nodesOf('fixed')) - first
  return {
    schema: 'shoal-scenario/1',
    pipeline: {
      schema: 'shoal-pipeline/1',
      name: 'stages',
      sloMs,
      root: stages[0]!.name,
      tasks: Object.fromEntries(stages.map(({ name }, i) => [name, {
        next: stages.slice(i + 1, i + 2).map((stage) => stage.name),
        variants: { [name]: { accuracy: 1 } },
      }])),
    },
    classes: {
      node: {
        latencyMs: Object.fromEntries(stages.map(({ name, mostBatch, latencyMs }) => [
          name,
          Object.fromEntries(upTo(mostBatch).map((batch) => [batch, latencyMs(batch, 1)])),
        ])),
        // All that a node is to hold is there after its cold start, and stays.
        instancesPerNode: 'all',
        swapMs: 0,
        roundTripMs: HOP_MS,
        coldMs,
        threads: threadsOf(stages),
      },
    },
    pool: [
      { class: 'node', count: first },
      { class: 'node', count: Math.max(0, more), starts: 'cold' },
    ],
    trace: { binSeconds: 1, rates: [...perS] },
    // Each item is handed on once.
    noise: { latencyCv, fanOutSpread: 0 },
    prefer: 'frugal',
    seed,
  }
}

function threadsOf(stages: ElasticScene['stages']) {
  const most = Math.max(...stages.map(({ cores }) => cores.at(-1)!))
  const known = stages.flatMap(({ name, coefficients }) =>
    coefficients === undefined ? [] : [[name, coefficients]]
  )
  if (known.length === stages.length) return { coefficients: Object.fromEntries(known), most }
  const { cores, latencyMs } = stages[0]!
  // Of threads between two numbers of cores only so many are of use.
  const speedups = upTo(most).map((count) =>
    latencyMs(1, 1) / latencyMs(1, cores.findLast((one) => one <= count)!)
  )
  return { speedups }
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1)

/** @param set other numbers of the scheduler than its own */
export function runShoal(
  scene: ElasticScene,
  rules?: RulesName,
  set: ParamValues = {},
): ElasticResult {
  const scenario = checkScenario(scenarioJson(scene, rules), 'elastic')
  const { result } = runPolicy(scenario, { policy: 'shoal', set }, {
    limits: { maxBatch: Math.max(...scene.stages.map(({ mostBatch }) => mostBatch)) },
    arrivals: () => {
      const times = arrivalsOf(scene, createRandom(seedFor(scene.seed, 'arrivals')))
      let next = 0
      return () => times[next++] ?? Infinity
    },
  })
  return elasticOf(result)
}

/** As of {@linkcode runElastic}; a query that is lost counts in the second that it came in. */
export function elasticOf(result: SimulationResult): ElasticResult {
  const { roots, late, dropped, violationRatio, timeline } = result
  const { coreS, mostCores, coresAt } = result.elastic!
  return {
    roots,
    late,
    dropped,
    violationRatio,
    violationsBySecond: timeline.reduce((sum, bin) => sum + bin.violationRatio, 0) /
      timeline.length,
    coreSeconds: coreS,
    meanCores: coreS / timeline.length,
    mostCores,
    coresAt,
  }
}
