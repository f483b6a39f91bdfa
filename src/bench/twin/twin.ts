/**
 * `deno task bench twin --from FILE`: the run that `deno task bench live --json FILE` made, once more
 * in virtual time, from the profiles that its nodes measured and what their batches took in it; queries
 * come at the very moments at which they came. Live and simulated figures beside each other, and how
 * far they are apart.
 * @module
 */
import { dueTimesOf } from '../../../demo/load/run.ts'
import { checkPipeline } from '../../pipeline/parse.ts'
import { createPolicy } from '../../peers/policies.ts'
import type { LatencyPoint } from '../../policy/core/types.ts'
import { createRandom } from '../../sim/random.ts'
import { initialRates, simulate } from '../../sim/run.ts'
import { checkScenario, nodeName } from '../../sim/scenario.ts'
import { readPipeline } from '../../cli/serve/modelled.ts'
import type { BenchOptions } from '../options.ts'
import { meanOf, round } from '../tools.ts'
import type { Observed } from '../live/observe.ts'
import { profileGiver } from '../live/profile.ts'
import { type LiveRun, type PolicyRun, readLiveRun } from '../live/record.ts'
import { ARRIVALS, traceOf } from '../live/steps.ts'

const SEEDS = [1, 2, 3, 4, 5]

/** The one node of each class is named after it. */
const classOf = (node: string) => node.slice(0, node.lastIndexOf('-'))

/** The pipeline with the fan-outs of what was asked with. */
async function pipelineOf(dir: string, fanOut: Observed['fanOut']) {
  const pipeline = await readPipeline(dir)
  for (const { variants } of Object.values(pipeline.tasks)) {
    for (const [name, variant] of Object.entries(variants)) {
      if (fanOut[name] !== undefined) variant.fanOut = { ...variant.fanOut, ...fanOut[name] }
    }
  }
  return pipeline
}

/**
 * What the node measured, and of larger batches what they took in the run; but none that was quicker than
 * a smaller one, as some of few are.
 */
export function tableOf(
  points: readonly LatencyPoint[],
  times: number,
  grown: { readonly [size: number]: number },
): { [batch: string]: number } {
  const measured = new Map(points.map(({ batch, latencyMs }) => [batch, times * latencyMs]))
  const oneMs = measured.get(1)
  const sizes = new Set([...measured.keys(), ...Object.keys(grown).map(Number)])
  const table: { [batch: string]: number } = {}
  let leastMs = 0
  for (const size of [...sizes].sort((a, b) => a - b)) {
    const ms = measured.get(size) ?? (oneMs ?? NaN) * grown[size]!
    if (!measured.has(size) && !(ms >= leastMs)) continue
    table[size] = ms
    leastMs = Math.max(leastMs, ms)
  }
  return table
}

async function scenarioOf(run: LiveRun, policy: string, observed: Observed, seed: number) {
  const { steps } = run
  const nodes = Object.entries(run.profiles)
  return checkScenario({
    schema: 'shoal-scenario/1',
    pipeline: await pipelineOf(run.pipeline, observed.fanOut),
    classes: Object.fromEntries(nodes.map(([node, rows]) => {
      const slowness = observed.slowness[node] ?? {}
      return [node, {
        // As live: peers hold one variant a slot, the project's own rules all.
        instancesPerNode: policy === 'shoal' ? 'all' : 1,
        swapMs: 1000,
        roundTripMs: observed.networkMs,
        latencyMs: Object.fromEntries(
          Object.values(rows).map(({ task, variant, points }) => {
            const name = `${task}/${variant}`
            const times = slowness[name] ?? slowness['*'] ?? 1
            return [name, tableOf(points, times, observed.grown[name] ?? {})]
          }),
        ),
      }]
    })),
    pool: nodes.map(([node]) => ({ class: node, count: 1 })),
    trace: traceOf(steps),
    drift: Object.entries(observed.pace).flatMap(([node, pace]) =>
      steps.map(({ fromS }, i) => (
        { atS: fromS, node: nodeName(node, 0), slowness: pace[i] ?? 1 }
      ))
    ),
    noise: { latencyCv: observed.latencyCv, fanOutSpread: observed.fanOutSpread },
    seed,
  }, 'live')
}

/** Sums over seeds, for each step. */
async function simulated(run: LiveRun, name: string, { observed }: PolicyRun) {
  const { steps } = run
  // The moments of the run: in a short step chance makes a fifth more queries, or less.
  const arrivals = () => dueTimesOf({ trace: traceOf(steps), ...ARRIVALS })
  const sums = steps.map(() => ({ asked: 0, bad: 0, accuracy: 0, active: 0, seconds: 0 }))
  const file = checkPipeline(await readPipeline(run.pipeline), run.pipeline)
  for (const seed of SEEDS) {
    const scenario = await scenarioOf(run, name, observed, seed)
    const policy = createPolicy(name, {
      // As live: what the file says is handed on, until traffic says otherwise.
      pipelines: [file],
      initialRatePerS: initialRates(scenario),
      limits: { maxBatch: 8 },
      random: createRandom(seed),
    })
    // As live, nodes tell what they measured before.
    const scheduler = profileGiver(run.profiles, classOf)(policy.scheduler)
    const { timeline } = simulate(scenario, { ...policy, scheduler }, { arrivals }).result
    steps.forEach(({ fromS, seconds }, i) => {
      const sum = sums[i]!
      for (const bin of timeline.slice(fromS, fromS + seconds)) {
        sum.asked += bin.demand
        sum.bad += bin.demand * bin.violationRatio
        sum.accuracy += bin.demand * (1 - bin.violationRatio) * bin.effectiveAccuracy
        sum.active += bin.activeNodes
        sum.seconds++
      }
    })
  }
  return sums
}

export async function bench({ from: file = '' }: BenchOptions) {
  const run = await readLiveRun(file)
  const all: Record<string, unknown> = {}
  for (const [name, played] of Object.entries(run.policies)) {
    const steps = (await simulated(run, name, played)).map((sum, i) => {
      const live = played.rows[i]!
      const served = Math.max(sum.asked - sum.bad, 1)
      return {
        of: live.multiple,
        violations: [100 * live.violationRatio, 100 * sum.bad / Math.max(sum.asked, 1)] as const,
        accuracy: [100 * (live.accuracy ?? 0), 100 * sum.accuracy / served] as const,
        active: [live.activeNodes, sum.active / Math.max(sum.seconds, 1)] as const,
      }
    })
    console.log(`${name}: live / simulated, ${SEEDS.length} seeds`)
    const pair = (both: readonly number[]) => both.map((one) => round(one, 2)).join(' / ')
    console.table(steps.map(({ of, violations, accuracy, active }) => ({
      ...{ 'of static': of, 'violations %': pair(violations), 'accuracy %': pair(accuracy) },
      'active nodes': pair(active),
    })))
    const apart = (of: 'violations' | 'accuracy' | 'active') =>
      round(meanOf(steps.map(({ [of]: [live, simulated] }) => Math.abs(live - simulated))), 2)
    const differences = {
      ...{ violationPoints: apart('violations'), accuracyPoints: apart('accuracy') },
      activeNodes: apart('active'),
    }
    console.log('mean difference over the steps:', differences)
    all[name] = { steps, differences }
  }
  return all
}
