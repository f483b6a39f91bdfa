/**
 * `deno task bench overload [--seconds N]`: ten times the demand that saturates the pool. What is
 * served must come in time, what is not must be refused fast, memory must stay flat, and all must be
 * well again soon after. One slot on WebAssembly for each processor but one, which the coordinator and
 * the load generator share.
 * @module
 */
import { availableParallelism } from 'node:os'
import { quantile } from '../../cli/statistics.ts'
import { cpuSeconds } from '../child.ts'
import { memoryNow, watchMemory } from '../memory_of.ts'
import type { BenchOptions } from '../options.ts'
import { startServer } from '../server.ts'
import { count, type Counts, ending, pause, round, sumOf } from '../tools.ts'
import { type AskOrder, type OneAsked, startLoad } from './overload_load.ts'

const TIMES = 10
const WARM_UP_MS = 8000
const STEP_MS = 12_000
/** Demand rises by this for as long as the pool serves that much more than before. */
const RISE = 3
const MORE = 1.1
const MOST_STEPS = 6
const AFTER_MS = 12_000
/** Of the saturating demand, for the time after. */
const AFTER_SHARE = 0.5
/** Of `ocr`; for so long a step is under way before its answers count. */
const SLO_MS = 5000

const isGood = ({ status, latencyMs }: OneAsked) => status === 200 && latencyMs <= SLO_MS

/** @param forMs for how long it was asked; what is answered later is not of this rate */
function describe(asked: readonly OneAsked[], forMs: number) {
  const good = asked.filter(isGood)
  const within = good.filter(({ atMs, latencyMs }) =>
    atMs + latencyMs >= SLO_MS && atMs + latencyMs < forMs
  )
  const refused = asked.filter(({ status }) => status === 503)
  const outcomes: Counts = {}
  for (const { status, reason } of asked) count(outcomes, `${status} ${reason ?? ''}`.trim())
  const spread = (all: OneAsked[]) => {
    const ms = all.map(({ latencyMs }) => latencyMs)
    const at = (share: number) => all.length === 0 ? null : round(quantile(ms, share), 1)
    return { p50: at(0.5), p99: at(0.99), most: at(1) }
  }
  const accuracy = sumOf(good.map(({ accuracy }) => accuracy ?? 0)) / good.length
  return {
    askedPerS: round(asked.length * 1000 / forMs, 1),
    goodPerS: round(within.length * 1000 / (forMs - SLO_MS), 2),
    accuracy: good.length === 0 ? null : round(accuracy, 3),
    ...{ servedMs: spread(good), refusedMs: spread(refused) },
    refusedWithRetryAfter: refused.filter(({ retryAfter }) => retryAfter).length,
    outcomes,
  }
}

/**
 * From the end of the overload until all that is asked is served in time; null where that was not seen.
 *
 * @param asked from the end of the overload on
 */
export function recoveryMs(asked: readonly OneAsked[]): number | null {
  const bad = asked.filter((one) => !isGood(one))
  const lastBadMs = Math.max(-1, ...bad.map(({ atMs }) => atMs))
  const isWell = asked.some((one) => isGood(one) && one.atMs > lastBadMs)
  return isWell ? round(Math.max(0, lastBadMs), 1) : null
}

/** What is wrong with so many; undefined where nothing is. */
export const secondsFault = (seconds: number): string | undefined =>
  1000 * seconds > SLO_MS
    ? undefined
    : `must be above ${SLO_MS / 1000}, from when on answers count: received ${seconds}`

export async function bench({ seconds = 20 }: BenchOptions = {}) {
  const nodeCount = Math.max(1, availableParallelism() - 1)
  const pool = await startServer({ pipeline: 'ocr', nodes: nodeCount })
  const [load, later] = [await startLoad(), await startLoad()]
  const { url, nodes } = pool.ready
  const ofNodes = Object.fromEntries(nodes.map((pid, i) => [`node ${i + 1}`, pid]))
  const pids: Counts = { coordinator: pool.pid, ...ofNodes }
  const ask = (order: Omit<AskOrder, 'url'>, by = load) => by.queries({ url, ...order })
  /** `asked`: what became of all, later than what the processors did until all was sent. */
  const watched = async (order: Omit<AskOrder, 'url'>) => {
    const cpuS = () => [load.pid, pool.pid].map((pid) => cpuSeconds(pid))
    const before = cpuS()
    const asked = ask(order)
    // A generator that has failed says so by its result.
    await Promise.race([asked.catch(() => {}), pause(order.forMs)])
    const [generator, coordinator] = cpuS().map((s, i) =>
      round(100 * (s - before[i]!) * 1000 / order.forMs, 1)
    )
    return { asked, cpuPercent: { generator, coordinator } }
  }
  const watch = watchMemory(pids)
  await using _ = ending(watch, load, later, pool)
  const warm = describe(await ask({ forMs: WARM_UP_MS, atOnce: 4 }), WARM_UP_MS)
  if (warm.goodPerS === 0) {
    const outcomes = JSON.stringify(warm.outcomes)
    throw new Error(`Cannot overload a pool that serves nothing in time: ${outcomes}`)
  }
  let saturation: ReturnType<typeof describe> & { cpuPercent?: object } = { ...warm, goodPerS: 0 }
  for (let i = 1; i <= MOST_STEPS; i++) {
    const ratePerS = RISE ** i * warm.goodPerS
    const { asked, cpuPercent } = await watched({ forMs: STEP_MS, ratePerS })
    const step = { ...describe(await asked, STEP_MS), cpuPercent }
    console.log(`asked ${step.askedPerS} a second, served ${step.goodPerS} in time`)
    const isMore = step.goodPerS > MORE * saturation.goodPerS
    if (step.goodPerS > saturation.goodPerS) saturation = step
    if (!isMore) break
  }
  const before = memoryNow(pids)
  const ratePerS = TIMES * saturation.goodPerS
  console.log(`saturated: ${saturation.goodPerS} good pages a second; now ${round(ratePerS, 1)}`)
  watch.most()
  const { asked, cpuPercent } = await watched({ forMs: 1000 * seconds, ratePerS })
  const during = watch.most()
  // By another generator, since what was asked last has not been answered yet.
  const after = await ask({ forMs: AFTER_MS, ratePerS: AFTER_SHARE * saturation.goodPerS }, later)
  const overload = { ...describe(await asked, 1000 * seconds), cpuPercent }
  const result = {
    ...{ nodeCount, seconds, times: TIMES, saturation, overload },
    goodput: round(overload.goodPerS / saturation.goodPerS, 3),
    ...{ recoveryMs: recoveryMs(after), after: describe(after, AFTER_MS) },
    memoryMb: { before, during, after: memoryNow(pids) },
  }
  console.dir(result, { depth: 5 })
  return result
}
