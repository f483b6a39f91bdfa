/**
 * `deno task bench live [--queries N] [--policy static,shoal] [--trace FILE]`: real nodes, real
 * models, pages at random moments; demand in steps from well below what the most accurate path
 * carries to several times that, and back, with a jump to four times within a moment.
 *
 * One Deno node on ONNX Runtime's native build and one on WebAssembly, a slot and a thread each. What
 * counts is what the client sees: an answer after the deadline, a refusal or an error is a violation.
 *
 * @module
 */
import { loadavg } from 'node:os'
import type { Asked } from './bench_live_load.ts'
import { prepare } from './bench_live_prepare.ts'
import { createObserver } from './bench_live_observe.ts'
import { profileGiver, type Profiles } from './bench_live_profile.ts'
import { effectiveCapacity, isOnTime, type Row, rowOf, shown } from './bench_live_rows.ts'
import { kindsOfNodes, makePicture, openScene, type Scene } from './bench_live_scene.ts'
import { JUMP, MULTIPLES, STAIRS } from './bench_live_steps.ts'
import { createTrace } from './bench_live_trace.ts'
import { loadPipelines } from './load_pipelines.ts'
import { OCR } from './serving.ts'

export interface LiveOptions {
  queries?: number
  policies?: readonly string[]
  trace?: string
}

const QUERIES = 200
const LEAST_S = 8
/** For all steps of one policy. */
const BUDGET_S = 600
const SEED = 11
const SAMPLE_MS = 250
/** Pages that the capacity of static is measured with. */
const CAPACITY_QUERIES = 60
const AT_ONCE = 6

/** Fewer queries a step than wanted where this machine is too slow for the time there is. */
function stepsFor(carriedPerS: number, wanted: number) {
  const fullS = MULTIPLES.reduce((sum, multiple) => sum + wanted / (multiple * carriedPerS), 0)
  const share = Math.min(1, BUDGET_S / fullS)
  if (share < 1) {
    const count = Math.ceil(share * wanted)
    console.log(`this machine is slow now: ${count} queries a step instead of ${wanted}`)
  }
  return MULTIPLES.map((multiple) => {
    const ratePerS = multiple * carriedPerS
    const queries = Math.max(Math.ceil(share * wanted), Math.ceil(ratePerS * LEAST_S))
    return { multiple, ratePerS, queries }
  })
}

const load = () => loadavg().map((one) => one.toFixed(1)).join(' ')

/** What static carries when it always has more to do. */
async function capacityOf(scene: Scene, queries: number): Promise<number> {
  const asked: Asked[] = []
  // Warm first: plans settle, code is compiled.
  await scene.ask({ seed: SEED, steps: [{ ratePerS: 0, queries: 20 }], atOnce: 2 }, () => {})
  let startMs = performance.now()
  await scene.ask({ seed: SEED, steps: [{ ratePerS: 0, queries }], atOnce: AT_ONCE }, (line) => {
    if (line.type === 'step') startMs = performance.now()
    if (line.type === 'asked') asked.push(line)
  })
  const seconds = (performance.now() - startMs) / 1000
  return asked.filter(({ status }) => status === 200).length / seconds
}

async function climb(
  scene: Scene,
  steps: { ratePerS: number; queries: number; multiple: number }[],
  sloMs: number,
): Promise<{ rows: Row[]; asked: Asked[]; latestSendMs: number }> {
  const { pool } = scene.coordinator
  const asked: Asked[] = []
  const samples = steps.map(() => ({ active: 0, count: 0 }))
  let step = 0
  let latestSendMs = 0
  const timer = setInterval(() => {
    const sample = samples[step]!
    sample.count++
    sample.active += pool.nodes().filter(({ state }) => state === 'active').length
  }, SAMPLE_MS)
  await scene.ask({ seed: SEED, steps }, (line) => {
    if (line.type === 'asked') asked.push(line)
    else if (line.type === 'done') latestSendMs = line.latestSendMs
    else {
      step = line.step
      const { ratePerS, queries } = steps[step]!
      const which = `step ${step + 1} of ${steps.length}`
      console.log(`  ${which}: ${queries} at ${ratePerS.toFixed(2)}/s (load ${load()})`)
    }
  }).finally(() => clearInterval(timer))
  const rows = steps.map((one, i) => {
    const { active, count } = samples[i]!
    const mine = asked.filter((query) => query.step === i)
    return rowOf(mine, one, sloMs, active / Math.max(count, 1))
  })
  return { rows, asked, latestSendMs }
}

export async function benchLive(options: LiveOptions = {}) {
  const { queries = QUERIES, policies = ['static', 'shoal'] } = options
  const [loaded] = await loadPipelines([OCR], () => {})
  const { sloMs, pathAccuracy } = loaded!.pipeline
  const best = Math.max(...pathAccuracy!.map(({ accuracy }) => accuracy))
  console.log(`nodes: ${(await kindsOfNodes()).map((kind) => kind.join(' on ')).join(', ')}`)
  console.log(`load average at the start: ${load()}`)
  const picture = await makePicture()
  const profiles: Profiles = await prepare(picture)
  const quick = Math.min(CAPACITY_QUERIES, queries)

  let scene = await openScene('static', picture, profileGiver(profiles))
  const carriedPerS = await capacityOf(scene, quick).finally(() => scene.end())
  console.log(`static, the most accurate path, carries ${carriedPerS.toFixed(2)} pages a second`)
  const steps = stepsFor(carriedPerS, queries)

  const results: { [policy: string]: unknown } = {}
  const capacities: { [policy: string]: number } = {}
  for (const policy of policies) {
    console.log(`${policy}: load average ${load()}`)
    const trace = createTrace()
    const give = profileGiver(profiles)
    const observer = createObserver()
    const wrap: typeof give = (scheduler) => {
      const watched = observer.wrap(give(scheduler))
      return options.trace === undefined ? watched : trace.wrap(watched)
    }
    scene = await openScene(policy, picture, wrap)
    try {
      await scene.ask({ seed: SEED, steps: [{ ratePerS: 0, queries: 20 }], atOnce: 2 }, () => {})
      const { rows, asked, latestSendMs } = await climb(scene, steps, sloMs)
      console.table(rows.map(shown))
      const jumpers = asked.filter(({ step, atMs }) => step === JUMP && atMs < 5000)
      const hurt = jumpers.filter((one) => !isOnTime(one, sloMs)).length
      console.log(`first 5 s of the jump: ${hurt} of ${jumpers.length} violated`)
      console.log(`the latest query was sent ${latestSendMs} ms after its time`)
      capacities[policy] = effectiveCapacity(rows.slice(0, STAIRS), best)
      const jump = { queries: jumpers.length, violated: hurt }
      results[policy] = { rows, jump, latestSendMs, observed: observer.observed(profiles) }
      if (options.trace !== undefined) {
        await Deno.writeTextFile(
          `${options.trace}.${policy}`,
          [...trace.lines, ...asked.map((one) => JSON.stringify(one))].join('\n') + '\n',
        )
      }
    } finally {
      await scene.end()
    }
  }
  await Deno.remove(picture)
  console.log('effective capacity, pages a second:', capacities)
  const { shoal = 0, static: fixed = 0 } = capacities
  // Where static keeps no step at all there is nothing to divide by.
  const ratio = fixed > 0 && shoal > 0 ? shoal / fixed : null
  console.log(`shoal over static: ${ratio?.toFixed(2) ?? 'no ratio'} (load average ${load()})`)
  return {
    ...{ carriedPerS, sloMs, capacities, ratio, loadAverage: loadavg(), steps },
    profiles: Object.fromEntries(
      [...profiles].map(([node, rows]) => [node, [...rows.values()]]),
    ),
    policies: results,
  }
}
