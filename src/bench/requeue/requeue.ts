/**
 * A node is lost in the middle of a batch, in every way that nodes are lost: how long until another
 * one has its items, until their queries are answered, and until the node serves again.
 * @module
 */
import type { Assets } from '../../coordinator/pages.ts'
import { readAdapter } from '../../node/engine/adapter.ts'
import { buildAssets } from '../../cli/serve/build_assets.ts'
import { USUAL } from '../../cli/serve/serving.ts'
import { median } from '../../cli/statistics.ts'
import { within } from '../../cli/within.ts'
import { count, type Counts, listed, rounded, sumOf } from '../tools.ts'
import { type Fault, FAULTS, type Outcome, suffer } from './faults.ts'
import { type RequeueScene, SMALL, startRequeueScene } from './scene.ts'
import { sufferTabs } from './tabs.ts'

const REPETITIONS = 3
/** No row may hold up the others, nor all of them those who wait for them. */
const ROW_LIMIT_MS = 60_000
const LIMIT_MS = 150_000

export async function bench() {
  const rows: Row[] = []
  const endMs = performance.now() + LIMIT_MS
  const pages = await buildAssets()
  let scene = await startScene(USUAL, pages)

  async function limited<T>(name: string, run: (scene: RequeueScene) => Promise<T>) {
    const limitMs = Math.min(ROW_LIMIT_MS, endMs - performance.now())
    const result = limitMs > 0 ? await within(limitMs, run(scene)) : undefined
    if (result !== undefined) return result
    console.log(`${name}: not over within ${Math.max(0, Math.round(limitMs / 1000))} s`)
    // A run that came to no end leaves its scene in a state unknown.
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
  const of = (ms: 'noticedMs' | 'requeuedMs' | 'answeredMs') => lost.flatMap((one) => one[ms] ?? [])
  const [statuses, answers]: [Counts, Counts] = [{}, {}]
  for (const one of outcomes) {
    for (const [status, times] of Object.entries(one.statuses)) count(statuses, status, times)
    for (const [many, times] of Object.entries(one.answers)) count(answers, many, times)
  }
  return {
    fault,
    times: outcomes.length,
    'noticed, median ms': rounded(median(of('noticedMs'))),
    'requeued, median ms': rounded(median(of('requeuedMs'))),
    'answered, most ms': rounded(Math.max(...of('answeredMs'))),
    'back, median ms': rounded(median(outcomes.flatMap(({ backMs }) => backMs ?? []))),
    'noticed by': [...new Set(lost.flatMap(({ because }) => because ?? []))].join(', '),
    queries: listed(statuses),
    'answered once': `${answers['1'] ?? 0} of ${sumOf(Object.values(answers))}`,
  }
}
