/**
 * What the pool makes use of in its devices: items per second at saturation through coordinator and
 * node, against bare loops of the same stage functions in as many processes, in turn.
 * @module
 */
import type { SchedulerStats } from '../../policy/core/types.ts'
import { SAMPLE_PAGE } from '../../cli/serve/serving.ts'
import { cpuSeconds } from '../child.ts'
import { startLoad } from '../overload/overload_load.ts'
import { startServer } from '../server.ts'
import { inTurn, medianOf, sumOf } from '../tools.ts'
import { startBareLoop } from './bare_loop.ts'

/** The only variant of each task: policy has no choice. */
const PATH = { detect: '480x640', recognise: 'h24w384' }
const SLOTS = [1, 2]
const PAIRS = 4
const RUN_MS = 10_000
const WARM_UP_MS = 5000
/** Queries under way for each slot, so that it never waits for one. */
const AT_ONCE = 4
const BATCH = 4

async function startPool(slots: number) {
  const coordinator = await startServer({
    ...{ pipeline: 'ocr', variants: Object.values(PATH), nodes: 1 },
    options: ['--slots', String(slots), '--gpu', 'off', '--backend', 'wasm'],
  })
  const load = await startLoad()
  const { url, nodes: [node] } = coordinator.ready
  const itemsDone = async () => {
    const stats: SchedulerStats = await (await fetch(`${url}/v1/stats`)).json()
    return Object.values(stats.nodes)[0]!.items
  }
  const cpu = () => [coordinator.pid, load.pid, node!].map((pid) => cpuSeconds(pid))
  return {
    async run(forMs: number, page?: Uint8Array) {
      const before = cpu()
      const itemsBefore = await itemsDone()
      const { tookMs } = await load.figures({
        ...{ url, atOnce: AT_ONCE * slots, forMs },
        ...(page === undefined ? {} : { bodies: [page.toBase64()] }),
      })
      const [coordinatorS, loadS, nodeS] = cpu().map((s, i) => s - before[i]!) as [
        ...[number, number, number],
      ]
      const items = await itemsDone() - itemsBefore
      const tookS = tookMs / 1000
      return { items, tookS, perS: items / tookS, perCpuS: items / nodeS, coordinatorS, loadS }
    },
    end: () => Promise.all([load.end(), coordinator.end()]),
  }
}

async function startBare(slots: number) {
  const loops = await Promise.all(Array.from({ length: slots }, () => startBareLoop(PATH)))
  const cpu = () => sumOf(loops.map(({ pid }) => cpuSeconds(pid)))
  return {
    async run(forMs: number) {
      const before = cpu()
      const runs = await Promise.all(loops.map((loop) => loop.run({ forMs, batch: BATCH })))
      const items = sumOf(runs.map((run) => run.items))
      const perS = sumOf(runs.map(({ items, tookMs }) => items * 1000 / tookMs))
      return { perS, perCpuS: items / (cpu() - before) }
    },
    end: () => Promise.all(loops.map((loop) => loop.end())),
  }
}

export async function bench() {
  const page = await Deno.readFile(SAMPLE_PAGE)
  const rows = []
  for (const slots of SLOTS) {
    const bare = await startBare(slots)
    const pool = await startPool(slots)
    await bare.run(WARM_UP_MS)
    await pool.run(WARM_UP_MS, page)
    const pairs = await inTurn(PAIRS, {
      bare: () => bare.run(RUN_MS),
      pool: () => pool.run(RUN_MS),
    })
    await Promise.all([pool.end(), bare.end()])
    const of = (digits: number, value: (pair: typeof pairs[number]) => number) =>
      medianOf(pairs, value, digits)
    // What coordinator and load generator took, as a share of the time of so many workers.
    const share = ({ pool }: typeof pairs[number]) =>
      (pool.coordinatorS + pool.loadS) / (slots * pool.tookS)
    rows.push({
      slots,
      barePerS: of(1, ({ bare }) => bare.perS),
      poolPerS: of(1, ({ pool }) => pool.perS),
      ratio: of(3, ({ bare, pool }) => pool.perS / bare.perS),
      'less theirs': of(3, (pair) => pair.pool.perS / pair.bare.perS / (1 - share(pair))),
      'ratio per CPU second': of(3, ({ bare, pool }) => pool.perCpuS / bare.perCpuS),
      'coordinator ms per item': of(2, ({ pool }) => 1000 * pool.coordinatorS / pool.items),
    })
  }
  console.log('items per second; "less theirs": with the processor time of coordinator and load')
  console.log('generator taken off that of the workers, as where all cores are workers')
  return rows
}
