/**
 * `deno task bench twin`: the steps of `deno task bench live` in virtual time, on two slots of one
 * quick and one slow node. Latencies are modelled: the pipeline file's reference for the slow one,
 * 3.5 times faster for the other, with noise. What live figures fall short of on a quiet machine is
 * the machine's doing; what both show is the rules'.
 *
 * @module
 */
import { createPolicy } from '../../peers/policies.ts'
import { createRandom } from '../../sim/random.ts'
import { initialRates, simulate } from '../../sim/run.ts'
import { checkScenario, type Scenario } from '../../sim/scenario.ts'
import { latencyTable, type PipelineFile, readOcr } from '../../cli/serve/modelled.ts'
import { wilson } from '../../cli/statistics.ts'
import { MULTIPLES } from '../live/steps.ts'

const QUICKER = 3.5
/** Lines of the picture that the live bench asks with. */
const LINES = 2
/** What `static` carries on these two slots: one detects, one reads. */
const CARRIED_PER_S = 7.5
const QUERIES = 400
const LEAST_S = 10
const NOISES = [0.15, 0.5, 1]
const SEED = 3

const steps = MULTIPLES.map((multiple) => {
  const ratePerS = multiple * CARRIED_PER_S
  return { multiple, ratePerS, seconds: Math.max(LEAST_S, Math.ceil(QUERIES / ratePerS)) }
})

function scenarioOf(pipeline: PipelineFile, policy: string, latencyCv: number): Scenario {
  // As live: peers hold one variant a slot, the project's own rules all.
  const instancesPerNode = policy === 'shoal' ? 'all' : 1
  const kind = { instancesPerNode, swapMs: 1000, roundTripMs: 4 }
  return checkScenario({
    schema: 'shoal-scenario/1',
    pipeline,
    classes: {
      quick: { ...kind, latencyMs: latencyTable(pipeline, 1 / QUICKER) },
      slow: { ...kind, latencyMs: latencyTable(pipeline, 1) },
    },
    pool: [{ class: 'quick', count: 1 }, { class: 'slow', count: 1 }],
    trace: {
      binSeconds: 1,
      rates: steps.flatMap(({ ratePerS, seconds }) => Array(seconds).fill(ratePerS)),
    },
    noise: { latencyCv },
    seed: SEED,
  }, 'twin')
}

export async function benchTwin() {
  const pipeline = await readOcr()
  const detectors = Object.values(pipeline.tasks[pipeline.root]!.variants)
  const most = Math.max(...detectors.flatMap(({ fanOut = {} }) => Object.values(fanOut)))
  for (const { fanOut = {} } of detectors) {
    for (const child of Object.keys(fanOut)) fanOut[child]! *= LINES / most
  }
  const all: Record<string, unknown> = {}
  for (const latencyCv of NOISES) {
    for (const name of ['static', 'shoal']) {
      const scenario = scenarioOf(pipeline, name, latencyCv)
      const policy = createPolicy(name, {
        pipelines: scenario.workloads.map((workload) => workload.pipeline),
        initialRatePerS: initialRates(scenario),
        limits: { maxBatch: 8 },
        random: createRandom(SEED),
      })
      const { timeline } = simulate(scenario, policy).result
      let fromS = 0
      const rows = steps.map(({ multiple, ratePerS, seconds }) => {
        const bins = timeline.slice(fromS, fromS += seconds)
        const asked = bins.reduce((sum, { demand }) => sum + demand, 0)
        const bad = bins.reduce((sum, bin) => sum + bin.demand * bin.violationRatio, 0)
        const accuracy = bins.reduce(
          (sum, bin) => sum + bin.demand * (1 - bin.violationRatio) * bin.effectiveAccuracy,
          0,
        ) / Math.max(asked - bad, 1)
        const [low, high] = wilson(Math.round(bad), asked)
        return {
          'of static': multiple,
          'demand/s': ratePerS,
          queries: asked,
          accuracy: Number(accuracy.toFixed(4)),
          'violations %': Number((100 * bad / asked).toFixed(2)),
          '95 %': `${(100 * low).toFixed(1)} .. ${(100 * high).toFixed(1)}`,
          'active nodes': Number(
            (bins.reduce((sum, bin) => sum + bin.activeNodes, 0) / seconds).toFixed(2),
          ),
        }
      })
      console.log(`${name}, simulated, latencies with a coefficient of variation of ${latencyCv}`)
      console.table(rows)
      all[`${name} ${latencyCv}`] = rows
    }
  }
  return all
}
