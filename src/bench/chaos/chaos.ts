/**
 * Queries at 60 % of what the pool carries, first undisturbed, then while half of the nodes at a time
 * are killed and replaced, stopped, cut off or frozen, at random from a fixed seed.
 * @module
 */
import { type Chaos, startChaos } from './faults.ts'
import { type ChaosScene, type LoadOutcome, startChaosScene } from './scene.ts'
import { quantile } from '../../cli/statistics.ts'
import type { BenchOptions } from '../options.ts'
import { clients, ending, listed, rounded, sumOf } from '../tools.ts'

const SEED = 20
const NODES = 4
const SHARE = 0.6
/** Between one choice of nodes and the next. */
const EVERY_MS = 6000
/** Nodes that have just come run code for the first time, and are several times as slow. */
const WARM_UP_MS = 8000
const CLOSED_MS = 8000

export async function bench({ pipeline, queries = 2000 }: BenchOptions = {}) {
  const scene = await startChaosScene(pipeline === undefined ? {} : { dir: pipeline })
  await using _ = ending(scene)
  for (let i = 0; i < NODES; i++) await scene.addNode(`node-${i}`)
  const perS = await capacityOf(scene)
  const rate = SHARE * perS
  console.log(`${scene.pipelineName}: ${NODES} nodes carry ${perS.toFixed(1)} queries per second`)
  scene.answers()
  const calm = await rowOf(scene, await scene.load(queries, rate, SEED))
  const chaos = startChaos(scene, SEED, EVERY_MS)
  const outcome = await scene.load(queries, rate, SEED)
  await chaos.stop()
  const rows = { undisturbed: calm, disturbed: await rowOf(scene, outcome, chaos) }
  console.table(rows)
  return { pipeline: scene.pipelineName, capacityPerS: perS, ratePerS: rate, ...rows }
}

/** Queries per second, as many under way as keep all nodes busy. @throws Error for one without a result */
export async function capacityOf(scene: ChaosScene): Promise<number> {
  const run = async (forMs: number) => {
    const endMs = performance.now() + forMs
    let answered = 0
    await clients(2 * NODES, async () => {
      while (performance.now() < endMs) {
        const { status } = await scene.ask(60_000)
        if (status !== '200') throw new Error(`Cannot bench: a query was answered ${status}`)
        if (performance.now() <= endMs) answered++
      }
    })
    return 1000 * answered / forMs
  }
  await run(WARM_UP_MS)
  return await run(CLOSED_MS)
}

function rowOf(scene: ChaosScene, { statuses, latenciesMs }: LoadOutcome, chaos?: Chaos) {
  const answers = scene.answers()
  const queries = latenciesMs.length
  const { 200: served = 0, lost = 0, ...others } = statuses
  return {
    queries,
    'answered once': answers[1] ?? 0,
    lost,
    'answered twice': sumOf(
      Object.entries(answers).map(([times, many]) => Number(times) > 1 ? many : 0),
    ),
    'with a result': served,
    'violations %': (100 * (queries - served) / queries).toFixed(2),
    without: listed(others),
    'median ms': rounded(quantile(latenciesMs, 0.5)),
    '99th ms': rounded(quantile(latenciesMs, 0.99)),
    faults: Object.entries(chaos?.counts ?? {}).map((fault) => fault.reverse().join(' ')).join(
      ', ',
    ),
  }
}
