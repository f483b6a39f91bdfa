/**
 * `deno task bench elastic [--seconds S]`: what a pool with little to do takes as people prefer, and how
 * long a surge waits for the second slot: parked, brought up, or of a node that held nothing.
 * Linux alone tells the time of the processor.
 * @module
 */
import { join } from 'node:path'
import { demoBodies } from '../../../demo/demo_bodies.ts'
import { tally } from '../../../demo/load/tally.ts'
import type { Asked, Body } from '../../../demo/load/types.ts'
import { type LoadedPipeline, loadPipelines } from '../../cli/pipelines/load.ts'
import { ROOT } from '../../cli/root.ts'
import { type Prefer, PREFERENCES } from '../../policy/core/elastic.ts'
import { countOn } from '../../pipeline/runs_on.ts'
import { askAll, atRate } from '../asked.ts'
import { cpuSeconds } from '../child.ts'
import type { BenchOptions } from '../options.ts'
import { openPool } from '../pool.ts'
import { alone } from '../shared/shared.ts'
import { ending, pause, round, sumOf, until, watching } from '../tools.ts'

const SEED = 5
const READY_MS = 90_000
/** Between looks at how many slots are in use. */
const LOOK_MS = 200
const SHELF = join(ROOT, 'profiles', 'shelf')
const LITTLE = 0.1
const SURGE = 1.5
const SECONDS = 60
const WARM_S = 6
const SETTLE_S = 20
/** A surge is given up after. */
const PATIENCE_S = 60

export async function bench({ seconds = SECONDS }: BenchOptions) {
  const [loaded] = await loadPipelines([SHELF], () => {})
  const bodies = await demoBodies(SHELF, loaded!.pipeline.name)
  const cache = `shoal-elastic-${crypto.randomUUID()}`
  const question: Question = { loaded: loaded!, bodies, cache }
  await using _ = ending({ end: () => caches.delete(cache) })
  const perS = await carriedBy(question)
  console.log(
    `one slot carries about ${perS.toFixed(1)} queries a second, as accurately as it can`,
  )
  const quiet = []
  for (const prefer of PREFERENCES) {
    quiet.push(await little(question, prefer, LITTLE * 2 * perS, seconds))
    console.table(quiet)
  }
  const parked = { node: ['--slots', '2'] }
  const cold = { node: [], other: ['--cold'] }
  const surges = [
    { second: 'parked', told: 'by hand', worksAfterMs: await byHand(question, parked, perS) },
    {
      ...{ second: 'brought up', told: 'by hand' },
      worksAfterMs: await byHand(question, { node: ['--slots', 'grow'] }, perS),
    },
    { second: 'parked', told: 'by the load', worksAfterMs: await byLoad(question, parked, perS) },
    {
      ...{ second: 'of a cold node', told: 'by the load' },
      worksAfterMs: await byLoad(question, cold, perS),
    },
  ]
  console.table(surges)
  return { perS, quiet, surges }
}

/** Queries a second that one slot carries one after another. */
async function carriedBy(question: Question): Promise<number> {
  const scene = await openElastic(question, 'sooner', { node: [] })
  await using _ = ending(scene)
  await alone(scene, question, WARM_S)
  return 1 / await alone(scene, question, WARM_S)
}

async function little(
  question: Question,
  prefer: Prefer,
  perS: number,
  seconds: number,
) {
  const scene = await openElastic(question, prefer, { one: [], two: [] })
  const { pool } = scene.coordinator
  await using _ = ending(scene)
  await scene.ask(perS, SETTLE_S)
  const cpuS = () => sumOf(scene.pids.map((pid) => cpuSeconds(pid)))
  const energyJ = () => pool.energy().modelledJ
  const [beforeS, beforeJ] = [cpuS(), energyJ()]
  const use = scene.watchUse()
  const asked = await scene.ask(perS, seconds)
  const slots = use()
  const { queries, latencyMs, violationRatio, effectiveAccuracy } = tally(
    asked,
    question.loaded.pipeline.sloMs,
  )
  const two = (value: number) => round(value, 2)
  return {
    ...{ prefer, queries, cpuMsPerQuery: two(1000 * (cpuS() - beforeS) / queries) },
    ...{ p95Ms: two(latencyMs?.p95 ?? NaN), violationPercent: two(100 * violationRatio) },
    accuracyPercent: two(100 * (effectiveAccuracy ?? NaN)),
    ...{ slotsInUse: two(slots), modelledJPerQuery: two((energyJ() - beforeJ) / queries) },
  }
}

/** Under a load that one slot cannot carry an admin lets the node have two. */
async function byHand(question: Question, nodes: Nodes, perS: number) {
  const scene = await openElastic(question, 'sooner', nodes)
  await using _ = ending(scene)
  const scale = async (slots: number) => {
    const url = `${scene.coordinator.url}/v1/nodes/${scene.idOf('node')}/scale`
    const response = await fetch(url, { method: 'POST', body: JSON.stringify({ slots }) })
    if (!response.ok) throw new Error(`Cannot bench: ${await response.text()}`)
    await response.body?.cancel()
  }
  await scene.ask(LITTLE * perS, WARM_S)
  await scale(1)
  await pause(1000)
  const load = scene.ask(SURGE * perS, 10)
  await pause(3000)
  const fromMs = performance.now()
  await scale(2)
  await load
  return scene.secondAfterMs(fromMs)
}

/** The load rises from little to more than one slot carries. */
async function byLoad(question: Question, nodes: Nodes, perS: number) {
  // Where queries are to be answered sooner the second slot works before the surge.
  const scene = await openElastic(question, 'frugal', nodes)
  await using _ = ending(scene)
  await scene.ask(LITTLE * perS, SETTLE_S)
  let fromMs = Infinity
  await scene.ask(SURGE * perS, PATIENCE_S, () => fromMs = performance.now())
  return scene.secondAfterMs(fromMs)
}

/** Names, and what they are given besides. */
interface Nodes {
  [name: string]: readonly string[]
}

/** What is asked, and of what. */
interface Question {
  loaded: LoadedPipeline
  bodies: readonly Body[]
  cache: string
}

async function openElastic(
  { loaded: { pipeline, ...files }, bodies, cache }: Question,
  prefer: Prefer,
  nodes: Nodes,
) {
  const batches: { atMs: number; node: string; slot: number }[] = []
  const coordinator = openPool({
    ...{ pipelines: [{ pipeline, ...files }], prefer, hedge: true },
    wrap: (scheduler) =>
      watching(scheduler, () => {}, (one) => {
        if (one.type !== 'dispatch') return
        batches.push({ atMs: performance.now(), node: one.node, slot: one.slot })
      }),
  })
  const { url, pool } = coordinator
  const children = Object.entries(nodes).map(([name, options]) =>
    coordinator.spawn(name, { options: ['--cache', cache, '--threads', '2', ...options] })
  )
  const idOf = (name: string) => coordinator.find(name)!.id
  const scene = {
    /** `pids` are the nodes' processes. */
    ...{ coordinator, idOf, pids: children.map(({ pid }) => pid) },
    /** Until the first batch of any other slot than the first one's; null where there was none. */
    secondAfterMs(fromMs: number): number | null {
      const first = idOf('node')
      const batch = batches.find(({ atMs, node, slot }) =>
        atMs >= fromMs && (node !== first || slot > 0)
      )
      return batch === undefined ? null : Math.round(batch.atMs - fromMs)
    },
    /** Asks at a rate at random moments; `started` is called with the first. */
    ask: (perS: number, seconds: number, started?: () => void): Promise<Asked[]> =>
      askAll(
        { url, pipeline: pipeline.name, ...atRate(perS, seconds, SEED) },
        bodies,
        started,
      ),
    /** Begins at once; its end says how many slots were in use on average. */
    watchUse() {
      let [looks, slots] = [0, 0]
      const look = () => {
        looks++
        slots += sumOf(pool.nodes().map(({ inUse }) => inUse.slots * inUse.duty))
      }
      const timer = setInterval(look, LOOK_MS)
      look()
      return () => {
        clearInterval(timer)
        return slots / looks
      }
    },
    end: coordinator.end,
  }
  const isReady = () =>
    pool.nodes().length === children.length &&
    pool.nodes().every((node) =>
      node.cold || node.instances >= node.limit.slots * countOn([pipeline], node)
    )
  const fault = () =>
    'Cannot bench: nodes do not hold what they are to hold: ' +
    pool.nodes().map(({ instances }) => instances).join()
  await until(isReady, { limitMs: READY_MS, everyMs: 50, fault }).catch(async (error) => {
    await scene.end()
    throw error
  })
  return scene
}
