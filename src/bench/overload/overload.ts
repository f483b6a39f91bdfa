/**
 * `deno task bench overload [--seconds N]`: ten times the demand that saturates the pool. What is
 * served must come in time, what is not must be refused fast, memory must stay flat, and all must be
 * well again soon after.
 *
 * One slot on WebAssembly for each processor but one, which coordinator and generator share.
 *
 * @module
 */
import { availableParallelism, loadavg } from 'node:os'
import { quantile } from '../../cli/statistics.ts'
import { cpuSeconds, startChild } from '../child.ts'
import { memoryNow, watchMemory } from '../memory_of.ts'
import type { AskOrder, AskResult, OneAsked } from './overload_load.ts'
import type { PoolReady, PoolStanding } from '../pool_server.ts'

export interface OverloadOptions {
  seconds?: number
}

const SECONDS = 20
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

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))
const round = (value: number, digits = 1) => Number(value.toFixed(digits))
const isGood = ({ status, latencyMs }: OneAsked) => status === 200 && latencyMs <= SLO_MS

/** @param forMs for how long it was asked; what is answered later is not of this rate */
function describe({ asked }: AskResult, forMs: number) {
  const good = asked.filter(isGood)
  const within = good.filter(({ atMs, latencyMs }) =>
    atMs + latencyMs >= SLO_MS && atMs + latencyMs < forMs
  )
  const refused = asked.filter(({ status }) => status === 503)
  const outcomes: Record<string, number> = {}
  for (const { status, reason } of asked) {
    const outcome = `${status} ${reason ?? ''}`.trim()
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  }
  const ms = (all: OneAsked[], share: number) =>
    all.length === 0 ? null : round(quantile(all.map(({ latencyMs }) => latencyMs), share))
  return {
    askedPerS: round(asked.length * 1000 / forMs),
    goodPerS: round(within.length * 1000 / (forMs - SLO_MS), 2),
    accuracy: good.length === 0
      ? null
      : round(good.reduce((sum, one) => sum + (one.accuracy ?? 0), 0) / good.length, 3),
    servedMs: { p50: ms(good, 0.5), p99: ms(good, 0.99), most: ms(good, 1) },
    refusedMs: { p50: ms(refused, 0.5), p99: ms(refused, 0.99), most: ms(refused, 1) },
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
  const lastBadMs = asked.filter((one) => !isGood(one))
    .reduce((last, { atMs }) => Math.max(last, atMs), -1)
  const isWell = asked.some((one) => isGood(one) && one.atMs > lastBadMs)
  return isWell ? round(Math.max(0, lastBadMs)) : null
}

/** What is wrong with so many; undefined where nothing is. */
export const secondsFault = (seconds: number): string | undefined =>
  1000 * seconds > SLO_MS
    ? undefined
    : `must be above ${SLO_MS / 1000}, from when on answers count: received ${seconds}`

export async function benchOverload({ seconds = SECONDS }: OverloadOptions = {}) {
  const nodeCount = Math.max(1, availableParallelism() - 1)
  const pool = await startChild<PoolReady>('./pool_server.ts', [String(nodeCount)])
  const load = await startChild<null>('./overload/overload_load.ts')
  const later = await startChild<null>('./overload/overload_load.ts')
  const { url, nodes } = pool.ready
  const pids = {
    coordinator: pool.pid,
    ...Object.fromEntries(nodes.map((pid, i) => [`node ${i + 1}`, pid])),
  }
  const ask = (order: Omit<AskOrder, 'url' | 'seed'>, by = load) => {
    const all = [by.pid, pool.pid, ...nodes]
    const before = all.map(cpuSeconds)
    const result = by.ask<AskResult>({ url, seed: 5, ...order })
    // Who has failed says so by its result.
    const sent = Promise.race([result.catch(() => {}), pause(order.forMs)]).then(() => {
      const [generator, coordinator, ...ofNodes] = all.map((pid, i) =>
        round(100 * (cpuSeconds(pid) - before[i]!) * 1000 / order.forMs)
      )
      return { generator, coordinator, nodes: ofNodes }
    })
    return { result, sent }
  }
  const watch = watchMemory(pids)
  try {
    const warm = describe(await ask({ forMs: WARM_UP_MS, atOnce: 4 }).result, WARM_UP_MS)
    if (warm.goodPerS === 0) {
      throw new Error(
        `Cannot overload a pool that serves nothing in time: ${JSON.stringify(warm.outcomes)}`,
      )
    }
    const steps: (ReturnType<typeof describe> & { cpuPercent: unknown })[] = []
    let stepPerS = RISE * warm.goodPerS
    for (; steps.length < MOST_STEPS; stepPerS *= RISE) {
      const { result, sent } = ask({ forMs: STEP_MS, ratePerS: stepPerS })
      const cpuPercent = await sent
      const step = { ...describe(await result, STEP_MS), cpuPercent }
      console.log(`asked ${step.askedPerS} a second, served ${step.goodPerS} in time`)
      const isMore = step.goodPerS > MORE * Math.max(0, ...steps.map(({ goodPerS }) => goodPerS))
      steps.push(step)
      if (!isMore) break
    }
    const saturation = steps.reduce((best, one) => one.goodPerS > best.goodPerS ? one : best)
    const memory = { before: memoryNow(pids) as Record<string, number>, during: {}, after: {} }
    const ratePerS = TIMES * saturation.goodPerS
    console.log(`saturated: ${saturation.goodPerS} good pages a second; now ${round(ratePerS)}`)
    watch.most()
    const over = ask({ forMs: 1000 * seconds, ratePerS })
    const cpuPercent = await over.sent
    memory.during = watch.most()
    // By another, since what was asked last has not been answered yet.
    const next = ask({ forMs: AFTER_MS, ratePerS: AFTER_SHARE * saturation.goodPerS }, later)
    const [asked, after] = await Promise.all([over.result, next.result])
    memory.after = memoryNow(pids)
    const overload = describe(asked, 1000 * seconds)
    const { inside, faults } = await pool.ask<PoolStanding>(false)
    const result = {
      ...{ nodeCount, seconds, times: TIMES, loadAverage: loadavg() },
      steps: steps.map(({ askedPerS, goodPerS, accuracy }) => ({ askedPerS, goodPerS, accuracy })),
      saturation,
      overload: {
        ...overload,
        latestSendMs: round(asked.latestSendMs),
        cpuPercent,
      },
      goodput: round(overload.goodPerS / saturation.goodPerS, 3),
      recoveryMs: recoveryMs(after.asked),
      after: describe(after, AFTER_MS),
      memoryMb: memory,
      ...{ insideAtTheEnd: inside, faults },
    }
    console.dir(result, { depth: 5 })
    return result
  } finally {
    watch.stop()
    await pool.ask(true)
    await Promise.all([load.end(), later.end(), pool.end()])
  }
}
