/**
 * A node is lost in the middle of a batch, in every way that nodes are lost: how long until another
 * one has its items, until their queries are answered, and until the node serves again.
 *
 * @module
 */
import type { Assets } from '../../coordinator/http/pages.ts'
import { readAdapter } from '../../node/engine/adapter.ts'
import { buildAssets } from '../../cli/serve/build_assets.ts'
import { USUAL } from '../../cli/serve/serving.ts'
import { median } from '../../cli/statistics.ts'
import { within } from '../../cli/within.ts'
import { type Fault, FAULTS, type Outcome, suffer } from './faults.ts'
import { type RequeueScene, SMALL, startRequeueScene } from './scene.ts'
import { sufferTabs } from './tabs.ts'

const REPETITIONS = 3
/** No row may hold up the others, nor all of them those who wait for them. */
const ROW_LIMIT_MS = 60_000
const LIMIT_MS = 150_000

export async function benchRequeue() {
  const rows: Row[] = []
  const endMs = performance.now() + LIMIT_MS
  const pages = await buildAssets()
  let scene = await startScene(USUAL, pages)

  async function limited<T>(name: string, run: (scene: RequeueScene) => Promise<T>) {
    const limitMs = Math.min(ROW_LIMIT_MS, endMs - performance.now())
    const result = limitMs > 0 ? await within(limitMs, run(scene)) : undefined
    if (result !== undefined) return result
    console.log(`${name}: not over within ${Math.max(0, Math.round(limitMs / 1000))} s`)
    // What came to no end leaves its scene in a state unknown.
    await scene.end()
    scene = await startScene(USUAL, pages)
    return undefined
  }

  const tabs = await limited('tabs', sufferTabs) ?? {}
  for (const [name, outcomes] of Object.entries(tabs)) rows.push(rowOf(name, outcomes))
  for (const fault of FAULTS.filter(({ variants }) => variants === USUAL)) {
    const outcomes = await limited(fault.name, (one) => suffer(one, fault, repetitionsOf(fault)))
    if (outcomes !== undefined) rows.push(rowOf(fault.name, outcomes))
  }
  await scene.end()
  const gpu = FAULTS.find(({ variants }) => variants === SMALL)!
  if (await readAdapter() === undefined) console.log(`${gpu.name}: skipped, no WebGPU adapter here`)
  else {
    scene = await startScene(SMALL)
    const outcomes = await limited(gpu.name, (one) => suffer(one, gpu))
    if (outcomes !== undefined) rows.push(rowOf(gpu.name, outcomes))
    await scene.end()
  }
  console.table(Object.fromEntries(rows.map(({ fault, ...rest }) => [fault, rest])))
  return rows
}

/** What waits for a link to be given up takes its time. */
const repetitionsOf = ({ mend }: Fault) => mend === undefined ? REPETITIONS : 1

type Row = ReturnType<typeof rowOf>

async function startScene(variants: readonly string[], assets?: Assets): Promise<RequeueScene> {
  const scene = await startRequeueScene(variants, assets)
  await scene.addNode('sound')
  return scene
}

function rowOf(fault: string, outcomes: readonly Outcome[]) {
  const lost = outcomes.flatMap((one) => one.lost.filter((item) => !item.finished))
  const requeued = lost.flatMap(({ requeuedMs }) => requeuedMs ?? [])
  const backs = outcomes.flatMap(({ backMs }) => backMs ?? [])
  const noticed = lost.flatMap(({ noticedMs }) => noticedMs ?? [])
  const statuses = sum(outcomes.map(({ statuses }) => statuses))
  const answers = sum(outcomes.map(({ answers }) => answers))
  const queries = Object.values(answers).reduce((a, b) => a + b, 0)
  const round = (ms: number) => Number.isFinite(ms) ? Math.round(ms) : '-'
  return {
    fault,
    times: outcomes.length,
    'items lost': lost.length,
    'noticed, median ms': round(median(noticed)),
    'requeued, median ms': round(median(requeued)),
    'most ms': round(Math.max(...requeued)),
    'answered, most ms': round(Math.max(...lost.flatMap(({ answeredMs }) => answeredMs ?? []))),
    'back, median ms': round(median(backs)),
    'noticed by': [...new Set(lost.flatMap(({ because }) => because ?? []))].join(', '),
    queries: Object.entries(statuses).map(([status, count]) => `${count} x ${status}`).join(', '),
    'answered once': `${answers['1'] ?? 0} of ${queries}`,
  }
}

function sum(all: readonly { [name: string]: number }[]): { [name: string]: number } {
  const sums: { [name: string]: number } = {}
  for (const one of all) {
    for (const [name, count] of Object.entries(one)) sums[name] = (sums[name] ?? 0) + count
  }
  return sums
}
