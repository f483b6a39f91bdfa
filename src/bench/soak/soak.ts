/**
 * `deno task bench soak [--minutes N]`: a pool at half its capacity for a while. Memory of the
 * coordinator and of a node idle before, under way, and idle after.
 * @module
 */
import { memoryNow, watchMemory } from '../memory_of.ts'
import { type AskOrder, type OneAsked, startLoad } from '../overload/overload_load.ts'
import type { BenchOptions } from '../options.ts'
import { startServer } from '../server.ts'
import { ending, pause } from '../tools.ts'

const IDLE_MS = 10_000
const WARM_UP_MS = 8000
const PARTS = 10
const SHARE = 0.5
const SEED = 6

/** Of clients that asked for so long; what was under way by then was answered later. */
export function carriedPerS(asked: readonly OneAsked[], forMs: number): number {
  const good = asked.filter(({ status, atMs, latencyMs }) =>
    status === 200 && atMs + latencyMs <= forMs
  )
  return good.length * 1000 / forMs
}

export async function bench({ minutes = 1 }: BenchOptions = {}) {
  const pool = await startServer({ pipeline: 'ocr', nodes: 1 })
  const load = await startLoad()
  const { url, nodes } = pool.ready
  const pids = { coordinator: pool.pid, node: nodes[0]! }
  const watch = watchMemory(pids)
  const ask = (order: Omit<AskOrder, 'url'>) => load.queries({ url, ...order })
  await using _ = ending(watch, load, pool)
  await pause(IDLE_MS)
  const rows: Record<string, unknown>[] = []
  const note = (when: string, more: object = {}) => {
    rows.push({ when, ...memoryNow(pids), ...more })
    watch.most()
  }
  note('idle, nothing asked yet')
  const warm = await ask({ forMs: WARM_UP_MS, atOnce: 4 })
  const rate = Math.max(0.5, SHARE * carriedPerS(warm, WARM_UP_MS))
  let [queries, bad] = [0, 0]
  for (let part = 1; part <= PARTS; part++) {
    // Each at its own moments: what chance adds to one part is not added to all of them.
    const forMs = minutes * 60_000 / PARTS
    const asked = await ask({ forMs, ratePerS: rate, seed: SEED + part })
    queries += asked.length
    bad += asked.filter(({ status }) => status !== 200).length
    const { coordinator: coordinatorMost, node: nodeMost } = watch.most()
    const when = `after ${(minutes * part / PARTS).toFixed(1)} min`
    note(when, { coordinatorMost, nodeMost, queries })
  }
  await pause(IDLE_MS)
  note('idle again')
  console.log(`${queries} queries at ${rate.toFixed(2)} a second, ${bad} not answered 200; MB`)
  return rows
}
