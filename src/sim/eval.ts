/**
 * Scenarios from published evaluation data: latencies and accuracies of the Loki and Proteus
 * artifacts; their demand is in `eval_demand.ts`.
 *
 * The data itself is no part of this project; `deno task import-eval` builds the profiles from a
 * checkout of the artifact.
 *
 * @module
 */

import { type EvalData, type EvalOptions, type EvalProfiles, foundIn } from './eval_data.ts'
import { evalRates } from './eval_demand.ts'

export type { EvalData, EvalOptions, EvalProfiles }

const DETECT = 'object_detection'
const CLASSIFY = 'car_classification'
const FACES = 'facial_recognition'
const SIMULATOR_POOL = [{ class: 'homogeneous', count: 18 }]
const PROTEUS_POOL = [
  { class: 'cpu', count: 20 },
  { class: 'gpu_pascal', count: 8 },
  { class: 'gpu_ampere', count: 4 },
]
const PROTEUS_SLO_MS = 400
const SWAP_MS = 1000
const ROUND_TRIP_MS = 2
const LATENCY_CV = 0.08

/**
 * @returns JSON of `shoal-scenario/1`: traffic analysis
 * @throws RangeError for an unknown demand, workers of a pool that has its own, or profiles that
 * are not whole
 */
export function evalScenario(data: EvalData, options: EvalOptions) {
  const { name, instancesPerNode = 1, accuracies = 'corrected', seed = 1 } = options
  const mixed = name === 'proteus'
  const set = mixed ? 'proteus' : 'simulator'
  const { traffic_analysis: pipeline } = data.profiles.pipelines
  const factorsOf = (variant: string) =>
    foundIn(pipeline.multiplicativeFactors, variant, 'multiplicativeFactors')
  const leaves = options.branches === 'both' ? [CLASSIFY, FACES] : [CLASSIFY]
  if (mixed && options.workers !== undefined) {
    throw new RangeError('Cannot give proteus a number of workers: its pool has three classes')
  }
  const near = mixed
    ? PROTEUS_POOL
    : SIMULATOR_POOL.map((row) => ({ ...row, count: options.workers ?? row.count }))
  const pool = near.map((row) => ({ ...row, device: row.class, hopMs: options.roundTripMs }))
    .flatMap((row) => options.farMs === undefined ? [row] : apart(row, options.farMs))
  const rates = evalRates(data, options)
  return {
    schema: 'shoal-scenario/1',
    pipeline: {
      schema: 'shoal-pipeline/1',
      name: 'traffic_analysis',
      sloMs: options.sloMs ?? (mixed ? PROTEUS_SLO_MS : pipeline.sloMs),
      root: DETECT,
      tasks: {
        [DETECT]: {
          next: leaves,
          variants: variantsOf(
            data.profiles,
            DETECT,
            accuracies,
            (variant) =>
              Object.fromEntries(
                leaves.map((leaf) => [leaf, factorsOf(variant)[leaf]!]),
              ),
          ),
        },
        ...Object.fromEntries(
          leaves.map((leaf) => [leaf, {
            next: [],
            variants: variantsOf(data.profiles, leaf, accuracies),
          }]),
        ),
      },
    },
    classes: Object.fromEntries(pool.map((row) => [row.class, {
      latencyMs: latenciesOf(data.profiles, set, row.device, [DETECT, ...leaves]),
      instancesPerNode,
      swapMs: SWAP_MS,
      roundTripMs: row.hopMs ?? ROUND_TRIP_MS,
      ...options.duty === undefined ? {} : { duty: options.duty },
    }])),
    pool: pool.map((row) => ({ class: row.class, count: row.count })),
    trace: {
      binSeconds: 1,
      rates,
      ...options.together === undefined ? {} : { together: options.together },
    },
    noise: {
      latencyCv: options.latencyCv ?? LATENCY_CV,
      ...options.fanOutSpread === undefined ? {} : { fanOutSpread: options.fanOutSpread },
    },
    ...options.timeoutsMs === undefined ? {} : { timeoutsMs: options.timeoutsMs },
    ...options.told === undefined ? {} : { told: options.told },
    ...options.churn === undefined ? {} : { churn: options.churn },
    ...options.slow === undefined ? {} : { drift: slowMoments(pool, rates.length, options.slow) },
    prefer: options.prefer ?? 'frugal',
    planDelayMs: 300,
    seed,
  }
}

/** All nodes at once, of a trace of so many seconds. */
function slowMoments(
  pool: readonly { class: string; count: number }[],
  seconds: number,
  { everyS, forS, times }: NonNullable<EvalOptions['slow']>,
) {
  const nodes = pool.flatMap((row) =>
    Array.from({ length: row.count }, (_, i) => `${row.class}-${i}`)
  )
  const moments = Array.from(
    { length: Math.ceil(seconds / everyS) - 1 },
    (_, i) => (i + 1) * everyS,
  )
  return moments.flatMap((atS) =>
    nodes.flatMap((node) => [
      { atS, node, slowness: times },
      { atS: atS + forS, node, slowness: 1 },
    ])
  )
}

/** Half of the nodes near, the other half of them far away. */
function apart<T extends { class: string; count: number }>(row: T, hopMs: number) {
  const far = Math.floor(row.count / 2)
  return [
    { ...row, count: row.count - far },
    { ...row, class: `${row.class}_far`, count: far, hopMs },
  ]
}

export function variantsOf(
  { tasks }: EvalProfiles,
  task: string,
  accuracies: 'corrected' | 'artifact',
  fanOut?: (variant: string) => { [child: string]: number },
) {
  const variants = foundIn(tasks, task, 'tasks')
  return Object.fromEntries(
    Object.entries(variants).map(([variant, { accuracy, accuracyArtifact }]) => [variant, {
      accuracy: (accuracies === 'artifact' ? accuracyArtifact : accuracy) / 100,
      ...fanOut === undefined ? {} : { fanOut: fanOut(variant) },
    }]),
  )
}

export function latenciesOf(
  { profileSets, batchSizes, tasks }: EvalProfiles,
  set: string,
  device: string,
  used: readonly string[],
) {
  const { latencyMs, batchSizes: own } = foundIn(profileSets, set, 'profileSets')
  const sizes = own ?? batchSizes
  const known = new Set(used.flatMap((task) => Object.keys(foundIn(tasks, task, 'tasks'))))
  const all = foundIn(latencyMs, device, `profileSets.${set}`)
  return Object.fromEntries(
    Object.entries(all).filter(([variant]) => known.has(variant)).map(
      ([variant, given]) => {
        const points = 'p50' in given ? given.p50 : given
        const rows = sizes.flatMap((size, i) => points[i] == null ? [] : [[size, points[i]]])
        return [variant, Object.fromEntries(rows)]
      },
    ),
  )
}
