/**
 * `deno task bench odd`: nodes that are not what they seem, in virtual time (latencies modelled after
 * the pipeline file's reference, lines for batches). How soon does the work follow the facts?
 *
 * @module
 */
import { createPolicy } from '../../peers/policies.ts'
import type { Policy } from '../../policy/core/options.ts'
import { createRandom, seedFor } from '../../sim/random.ts'
import { initialRates, simulate } from '../../sim/run.ts'
import { checkScenario, type Scenario } from '../../sim/scenario.ts'
import { latencyTable, type PipelineFile, readOcr } from '../../cli/serve/modelled.ts'

const NODES = 20
const CHANGE_S = 60
const END_S = 150
/** The share that a node has in the end is that of so many last seconds. */
const TAIL_S = 60
/** What is looked at for whether the share has followed, and what counts as meanwhile. */
const WINDOW_S = 2
const MEANWHILE_S = 15
/** A share that changes by less has nothing to follow. */
const LEAST_CHANGE = 0.003
const SEED = 5
const LIMITS = { maxQueries: 4096, maxItemsPerTask: 131_072, maxBatch: 8 }
const POLICIES = ['shoal', 'loki']
/** Demand over what all usual nodes carry on the most accurate path. */
const LOADS = [0.3, 0.7, 1.5]

interface Case {
  name: string
  /** Times the usual latency, as its profile says from the start. */
  known?: number
  /** From the change on, and it does not say so. */
  drift?: number
}

const CASES: Case[] = [
  { name: 'ten times slower, and says so', known: 10 },
  { name: 'slows down tenfold', drift: 10 },
  { name: 'grows ten times faster', drift: 0.1 },
  { name: 'recovers from tenfold', known: 10, drift: 0.1 },
]

/** Best path, alone on one usual node. */
function bestPathMs({ root, tasks }: PipelineFile): number {
  const [first] = Object.values(tasks[root]!.variants)
  return Object.entries(first!.fanOut ?? {}).reduce(
    (sum, [child, count]) => sum + count * Object.values(tasks[child]!.variants)[0]!.referenceMs,
    first!.referenceMs,
  )
}

function scenarioOf(pipeline: PipelineFile, { known = 1, drift }: Case, load: number): Scenario {
  const kind = { instancesPerNode: 'all', swapMs: 1000, roundTripMs: 4 }
  const ratePerS = load * (NODES - 1) * 1000 / bestPathMs(pipeline)
  return checkScenario({
    schema: 'shoal-scenario/1',
    pipeline,
    classes: {
      usual: { ...kind, latencyMs: latencyTable(pipeline, 1) },
      odd: { ...kind, latencyMs: latencyTable(pipeline, known) },
    },
    // First, so that it is awake where not all are needed.
    pool: [{ class: 'odd', count: 1 }, { class: 'usual', count: NODES - 1 }],
    trace: { binSeconds: END_S, rates: [ratePerS] },
    noise: { latencyCv: 0.1 },
    drift: drift === undefined ? [] : [{ atS: CHANGE_S, node: 'odd-0', slowness: drift }],
    seed: SEED,
  }, 'odd')
}

/** Work given by the second, of the odd node and of all; detection and lines weigh by their time. */
function watch(policy: Policy, weightOf: (variant: string) => number) {
  const odd = new Float64Array(END_S + 10)
  const all = new Float64Array(END_S + 10)
  const { scheduler } = policy
  const watched: Policy = {
    ...policy,
    scheduler: {
      ...scheduler,
      handle(event, nowMs) {
        const commands = scheduler.handle(event, nowMs)
        for (const command of commands) {
          if (command.type !== 'dispatch') continue
          const second = Math.floor(nowMs / 1000)
          const work = command.items.length * weightOf(command.variant)
          all[second]! += work
          if (command.node === 'odd-0') odd[second]! += work
        }
        return commands
      },
    },
  }
  const share = (fromS: number, toS: number) => {
    const sum = (of: Float64Array) => of.slice(fromS, toS).reduce((total, one) => total + one, 0)
    return sum(odd) / Math.max(sum(all), 1e-9)
  }
  return { watched, share }
}

/** Seconds from the change until a window's share has gone three quarters of its way. */
function followedS(share: (fromS: number, toS: number) => number, before: number, after: number) {
  if (Math.abs(before - after) < LEAST_CHANGE) return '-'
  for (let s = CHANGE_S; s + WINDOW_S <= END_S; s++) {
    const left = Math.abs(share(s, s + WINDOW_S) - after)
    if (left <= 0.25 * Math.abs(before - after)) return s - CHANGE_S
  }
  return `over ${END_S - CHANGE_S - WINDOW_S}`
}

export async function benchOdd() {
  const pipeline = await readOcr()
  const weights = new Map(
    Object.values(pipeline.tasks).flatMap(({ variants }) =>
      Object.entries(variants).map(([name, { referenceMs }]) => [name, referenceMs] as const)
    ),
  )
  const rows: Record<string, string | number>[] = []
  for (const load of LOADS) {
    for (const one of CASES) {
      for (const name of POLICIES) {
        const scenario = scenarioOf(pipeline, one, load)
        const policy = createPolicy(name, {
          pipelines: scenario.workloads.map((workload) => workload.pipeline),
          initialRatePerS: initialRates(scenario),
          limits: LIMITS,
          random: createRandom(seedFor(SEED, 'policy')),
        })
        const { watched, share } = watch(policy, (variant) => weights.get(variant)!)
        const { result: { timeline, effectiveAccuracy } } = simulate(scenario, watched)
        const { known = 1, drift = 1 } = one
        const fair = (slowness: number) => (1 / slowness) / (NODES - 1 + 1 / slowness)
        const before = share(10, CHANGE_S)
        const after = share(END_S - TAIL_S, END_S)
        const violated = (fromS: number, toS: number) => {
          const bins = timeline.slice(fromS, toS)
          const asked = bins.reduce((sum, { demand }) => sum + demand, 0)
          const bad = bins.reduce((sum, bin) => sum + bin.demand * bin.violationRatio, 0)
          return `${Math.round(bad)} of ${asked}`
        }
        const changes = one.drift !== undefined
        rows.push({
          load,
          'the odd node': one.name,
          policy: name,
          'share before %': percent(before),
          'by speed before %': percent(fair(known)),
          'share after %': percent(after),
          'by speed after %': percent(fair(known * drift)),
          'followed after s': changes ? followedS(share, before, after) : '',
          'violated before': violated(10, CHANGE_S),
          'in 15 s after': changes ? violated(CHANGE_S, CHANGE_S + MEANWHILE_S) : '',
          later: violated(CHANGE_S + (changes ? MEANWHILE_S : 0), END_S),
          accuracy: Number(effectiveAccuracy.toFixed(4)),
        })
      }
    }
  }
  console.table(rows)
  console.log(`${NODES} nodes of one slot, simulated; share: of all work given out, weighed by the`)
  console.log(
    'reference latency of its variant; it followed when a 2 s window has gone 3/4 of the way',
  )
  return rows
}

const percent = (share: number) => Number((100 * share).toFixed(2))
