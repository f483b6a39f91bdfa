/**
 * Scenarios from published evaluation data: latencies and accuracies of the Loki and Proteus
 * artifacts, demand read from Figure 5 of the Loki paper, Twitter arrivals of the Proteus artifact.
 *
 * The data itself is no part of this project; `deno task import-eval` builds the profiles from a
 * checkout of the artifact.
 *
 * @module
 */

type Points = readonly (number | null)[]

/** The fields of `loki-profiles.json` that are read. */
export interface EvalProfiles {
  batchSizes: number[]
  pipelines: {
    traffic_analysis: {
      sloMs: number
      multiplicativeFactors: { [variant: string]: { [child: string]: number } }
    }
  }
  tasks: { [task: string]: { [variant: string]: { accuracy: number; accuracyArtifact: number } } }
  profileSets: {
    [set: string]: {
      batchSizes?: number[]
      latencyMs: { [device: string]: { [variant: string]: Points | { p50: Points } } }
    }
  }
}

/** Of `loki-reference.json`. */
export interface EvalReference {
  endToEnd: { traffic_analysis: { demandQps: number[] } }
}

/** Of `twitter-trace.json`. */
export interface EvalTraces {
  traces: { [name: string]: { counts: number[] } }
}

export interface EvalData {
  profiles: EvalProfiles
  reference?: EvalReference
  traces?: EvalTraces
}

export interface EvalOptions {
  /** `figure5`, `proteus` (the heterogeneous pool), or the name of a Twitter trace. */
  name: string
  instancesPerNode?: number | 'all'
  accuracies?: 'corrected' | 'artifact'
  sloMs?: number
  /** Demand times this. */
  scale?: number
  /** A constant demand in place of the trace, for `seconds`. */
  ratePerS?: number
  seconds?: number
  workers?: number
  seed?: number
}

const DETECT = 'object_detection'
const CLASSIFY = 'car_classification'
const SIMULATOR_POOL = [{ class: 'homogeneous', count: 18 }]
const PROTEUS_POOL = [
  { class: 'cpu', count: 20 },
  { class: 'gpu_pascal', count: 8 },
  { class: 'gpu_ampere', count: 4 },
]
const PROTEUS_SLO_MS = 400
/** Brings the demand of Figure 5 (54 to 445 queries/s) to what that pool carries. */
const PROTEUS_SCALE = 0.25
/** As in the paper's Figure 6, where this trace is the demand. */
const TWITTER_SCALE = 0.769
const SWAP_MS = 1000
const ROUND_TRIP_MS = 2
const LATENCY_CV = 0.08

/** @returns JSON of `shoal-scenario/1`: traffic analysis, car branch */
export function evalScenario(data: EvalData, options: EvalOptions) {
  const { name, instancesPerNode = 1, accuracies = 'corrected', seed = 1 } = options
  const mixed = name === 'proteus'
  const set = mixed ? 'proteus' : 'simulator'
  const { traffic_analysis: pipeline } = data.profiles.pipelines
  const pool = mixed
    ? PROTEUS_POOL
    : SIMULATOR_POOL.map((row) => ({ ...row, count: options.workers ?? row.count }))
  return {
    schema: 'shoal-scenario/1',
    pipeline: {
      schema: 'shoal-pipeline/1',
      name: 'traffic_analysis',
      sloMs: options.sloMs ?? (mixed ? PROTEUS_SLO_MS : pipeline.sloMs),
      root: DETECT,
      tasks: {
        [DETECT]: {
          next: [CLASSIFY],
          variants: variantsOf(
            data.profiles,
            DETECT,
            accuracies,
            (variant) => ({ [CLASSIFY]: pipeline.multiplicativeFactors[variant]![CLASSIFY]! }),
          ),
        },
        [CLASSIFY]: { next: [], variants: variantsOf(data.profiles, CLASSIFY, accuracies) },
      },
    },
    classes: Object.fromEntries(pool.map((row) => [row.class, {
      latencyMs: latenciesOf(data.profiles, set, row.class),
      instancesPerNode,
      swapMs: SWAP_MS,
      roundTripMs: ROUND_TRIP_MS,
    }])),
    pool,
    trace: { binSeconds: 1, rates: ratesOf(data, options) },
    noise: { latencyCv: LATENCY_CV },
    planDelayMs: 300,
    seed,
  }
}

function ratesOf(data: EvalData, options: EvalOptions): number[] {
  const { name, ratePerS, seconds = 120 } = options
  if (ratePerS !== undefined) return Array.from({ length: seconds }, () => ratePerS)
  const figure5 = data.reference?.endToEnd.traffic_analysis.demandQps
  const trace = data.traces?.traces[name]?.counts
  const [rates, usual] = name === 'figure5'
    ? [figure5, 1]
    : name === 'proteus'
    ? [figure5, PROTEUS_SCALE]
    // Its last bin is a part of a second.
    : [trace?.slice(0, -1), TWITTER_SCALE]
  if (rates === undefined && (name === 'figure5' || name === 'proteus')) {
    throw new RangeError(`Cannot find the demand of ${name}: no loki-reference.json; give --rate`)
  }
  if (rates === undefined) {
    const known = ['figure5', 'proteus', ...Object.keys(data.traces?.traces ?? {})]
    throw new RangeError(`Cannot find evaluation scenario ${name}: there are ${known.join(', ')}`)
  }
  const scale = options.scale ?? usual
  return rates.map((rate) => rate * scale)
}

function variantsOf(
  { tasks }: EvalProfiles,
  task: string,
  accuracies: 'corrected' | 'artifact',
  fanOut?: (variant: string) => { [child: string]: number },
) {
  return Object.fromEntries(
    Object.entries(tasks[task]!).map(([variant, { accuracy, accuracyArtifact }]) => [variant, {
      accuracy: (accuracies === 'artifact' ? accuracyArtifact : accuracy) / 100,
      ...fanOut === undefined ? {} : { fanOut: fanOut(variant) },
    }]),
  )
}

function latenciesOf(
  { profileSets, batchSizes, tasks }: EvalProfiles,
  set: string,
  device: string,
) {
  const { latencyMs, batchSizes: own } = profileSets[set]!
  const sizes = own ?? batchSizes
  const known = new Set([DETECT, CLASSIFY].flatMap((task) => Object.keys(tasks[task]!)))
  return Object.fromEntries(
    Object.entries(latencyMs[device]!).filter(([variant]) => known.has(variant)).map(
      ([variant, given]) => {
        const points = 'p50' in given ? given.p50 : given
        const rows = sizes.flatMap((size, i) => points[i] == null ? [] : [[size, points[i]]])
        return [variant, Object.fromEntries(rows)]
      },
    ),
  )
}
