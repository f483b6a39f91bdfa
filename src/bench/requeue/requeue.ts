/**
 * A node is lost in the middle of a batch, in every way that nodes are lost: how long until another
 * one has its items, until their queries are answered, and until the node serves again.
 * @module
 */
import type { Assets } from '../../coordinator/http/pages.ts'
import { readAdapter } from '../../node/engine/adapter.ts'
import { buildAssets } from '../../cli/serve/build_assets.ts'
import { USUAL } from '../../cli/serve/serving.ts'
import { median } from '../../cli/statistics.ts'
import { within } from '../../cli/within.ts'
import { count, type Counts, ending, listed, rounded, sumOf } from '../tools.ts'
import { FAULTS, type Outcome, suffer } from './faults.ts'
import { type RequeueScene, SMALL, startRequeueScene } from './scene.ts'
import { sufferTabs } from './tabs.ts'

const REPETITIONS = 3
const ROW_LIMIT_MS = 120_000

/** @throws Error for a row that comes to no end */
async function limited<T>(name: string, running: Promise<T>): Promise<T> {
  const result = await within(ROW_LIMIT_MS, running)
  if (result !== undefined) return result
  throw new Error(`Cannot bench: ${name} was not over within ${ROW_LIMIT_MS / 1000} s`)
}

async function startScene(variants: readonly string[], assets?: Assets): Promise<RequeueScene> {
  const scene = await startRequeueScene(variants, assets)
  await scene.addNode('sound')
  return scene
}

async function usualRows() {
  const scene = await startScene(USUAL, await buildAssets())
  await using _ = ending(scene)
  const tabs = await limited('tabs', sufferTabs(scene))
  const rows = Object.entries(tabs).map(([name, outcomes]) => rowOf(name, outcomes))
  for (const fault of FAULTS.filter(({ variants }) => variants === USUAL)) {
    // What waits for a link to be given up takes its time.
    const times = fault.mend === undefined ? REPETITIONS : 1
    rows.push(rowOf(fault.name, await limited(fault.name, suffer(scene, fault, times))))
  }
  return rows
}

export async function bench() {
  const rows = await usualRows()
  const gpu = FAULTS.find(({ variants }) => variants === SMALL)!
  if (await readAdapter() === undefined) {
    console.log(`${gpu.name}: skipped, no WebGPU adapter here`)
    return rows
  }
  const scene = await startScene(SMALL)
  await using _ = ending(scene)
  return [...rows, rowOf(gpu.name, await limited(gpu.name, suffer(scene, gpu)))]
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
