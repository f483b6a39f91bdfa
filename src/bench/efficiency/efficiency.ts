/**
 * What of its devices the pool makes use of: items per second at saturation through coordinator and
 * node, against bare loops of the same stage functions in as many workers, same page, same variants,
 * in turn.
 *
 * @module
 */
import type { SchedulerStats } from '../../policy/core/types.ts'
import { SAMPLE_PAGE } from '../../cli/serve/serving.ts'
import { spawnNode } from '../../cli/serve/spawn_node.ts'
import { median } from '../../cli/statistics.ts'
import { cpuSeconds, startChild } from '../child.ts'
import type { LoadResult } from '../load.ts'

/** The only variant of each task: policy has no choice. */
const PATH = { detect: '480x640', recognise: 'h24w384' }
const SLOTS = [1, 2]
const PAIRS = 4
const RUN_MS = 10_000
const WARM_UP_MS = 5000
/** Queries under way for each slot, so that it never waits for one. */
const AT_ONCE = 4

interface Run {
  items: number
  perS: number
  /** Items per second of processor of those who run the models. */
  perCpuS: number
}

interface PoolRun extends Run {
  tookS: number
  coordinatorS: number
  loadS: number
}

interface BareRun {
  items: number
  tookMs: number
  perS: number
}

async function startPool(slots: number) {
  const args = ['coordinator', JSON.stringify(PATH)]
  const coordinator = await startChild<string>('./efficiency/efficiency_child.ts', args)
  const load = await startChild<null>('./load.ts')
  const url = coordinator.ready
  const options = ['--slots', String(slots), '--gpu', 'off', '--backend', 'wasm']
  const node = spawnNode(url, 'bench', options)
  let hasEnded = false
  void node.status.then(() => hasEnded = true)
  const state = async () => {
    const stats: SchedulerStats = await (await fetch(`${url}/v1/stats`)).json()
    return Object.values(stats.nodes)[0]
  }
  while ((await state())?.instances !== slots * Object.keys(PATH).length) {
    if (hasEnded) throw new Error('Cannot bench: the node ended')
    await new Promise((done) => setTimeout(done, 100))
  }
  const pids = { coordinator: coordinator.pid, load: load.pid, node: node.pid }
  const cpu = () => ({
    coordinator: cpuSeconds(pids.coordinator),
    load: cpuSeconds(pids.load),
    node: cpuSeconds(pids.node),
  })
  return {
    async run(forMs: number, page?: Uint8Array): Promise<PoolRun> {
      const before = cpu()
      const itemsBefore = (await state())!.items
      const result = await load.ask<LoadResult>({
        ...{ url: `${url}/v1/pipelines/ocr/infer`, type: 'image/jpeg', atOnce: AT_ONCE * slots },
        ...{ forMs, ...(page === undefined ? {} : { bodies: [page.toBase64()] }) },
      })
      if (JSON.stringify(result.others) !== '{}') {
        throw new Error(`Cannot compare: the pool answered ${JSON.stringify(result.others)}`)
      }
      const after = cpu()
      const items = (await state())!.items - itemsBefore
      const tookS = result.tookMs / 1000
      return {
        ...{ items, tookS, perS: items / tookS, perCpuS: items / (after.node - before.node) },
        coordinatorS: after.coordinator - before.coordinator,
        loadS: after.load - before.load,
      }
    },
    async end() {
      node.kill('SIGTERM')
      await node.status
      await load.end()
      await coordinator.end()
    },
  }
}

async function startBare(slots: number) {
  const args = ['bare', JSON.stringify(PATH)]
  const loops = await Promise.all(
    Array.from({ length: slots }, () => startChild<null>('./efficiency/efficiency_child.ts', args)),
  )
  return {
    async run(forMs: number): Promise<Run> {
      const cpu = () => loops.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0)
      const before = cpu()
      const runs = await Promise.all(loops.map((loop) => loop.ask<BareRun>({ forMs })))
      const items = runs.reduce((sum, run) => sum + run.items, 0)
      const perS = runs.reduce((sum, run) => sum + run.perS, 0)
      return { items, perS, perCpuS: items / (cpu() - before) }
    },
    end: () => Promise.all(loops.map((loop) => loop.end())),
  }
}

export async function benchEfficiency() {
  const page = await Deno.readFile(SAMPLE_PAGE)
  const rows = []
  for (const slots of SLOTS) {
    const bare = await startBare(slots)
    const pool = await startPool(slots)
    await bare.run(WARM_UP_MS)
    await pool.run(WARM_UP_MS, page)
    const pairs: { bare: Run; pool: PoolRun }[] = []
    for (let i = 0; i < PAIRS; i++) {
      // Each is first every other time: a machine that grows slower favours who is.
      pairs.push(
        i % 2 === 0
          ? { bare: await bare.run(RUN_MS), pool: await pool.run(RUN_MS) }
          : { pool: await pool.run(RUN_MS), bare: await bare.run(RUN_MS) },
      )
    }
    await pool.end()
    await bare.end()
    const of = (value: (pair: typeof pairs[number]) => number) => median(pairs.map(value))
    // What coordinator and load generator took, as a share of the time of so many workers.
    const share = (pair: typeof pairs[number]) =>
      (pair.pool.coordinatorS + pair.pool.loadS) / (slots * pair.pool.tookS)
    const rounded = (value: number, digits: number) => Number(value.toFixed(digits))
    rows.push({
      slots,
      barePerS: rounded(of(({ bare }) => bare.perS), 1),
      poolPerS: rounded(of(({ pool }) => pool.perS), 1),
      ratio: rounded(of(({ bare, pool }) => pool.perS / bare.perS), 3),
      'less theirs': rounded(
        of((pair) => pair.pool.perS / pair.bare.perS / (1 - share(pair))),
        3,
      ),
      'ratio per CPU second': rounded(of(({ bare, pool }) => pool.perCpuS / bare.perCpuS), 3),
      ratios: pairs.map(({ bare, pool }) => (pool.perS / bare.perS).toFixed(2)).join(' '),
      'coordinator ms per item': rounded(
        of(({ pool }) => 1000 * pool.coordinatorS / pool.items),
        2,
      ),
      'load generator ms per item': rounded(of(({ pool }) => 1000 * pool.loadS / pool.items), 2),
    })
  }
  console.log(
    `items per second, ${Object.values(PATH).join(' > ')}, ${PAIRS} pairs of ${RUN_MS / 1000} s ` +
      'in turn; medians. "less theirs": with the processor time of coordinator and load generator',
  )
  console.log('taken off the time that the workers had, as where all cores are workers.')
  console.table(rows)
  return rows
}
