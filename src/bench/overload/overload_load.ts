/**
 * A load generator in a process of its own: queries at random moments, whether or not earlier ones are
 * answered, or so many clients with one query under way each.
 * @module
 */
import { createRandom, exponential } from '../../sim/random.ts'
import { quantile } from '../../cli/statistics.ts'
import { twoLines } from '../../cli/two_lines.ts'
import { answerLines, startChild } from '../child.ts'
import { clients, count, type Counts, infer, pause } from '../tools.ts'

export interface AskOrder {
  url: string
  /** `ocr` where absent. */
  pipeline?: string
  type?: string
  /** Base64, sent in turn. Absent: those of the order before, or at first a page of two lines. */
  bodies?: string[]
  forMs: number
  /** At random moments of this seed, so many a second. */
  ratePerS?: number
  seed?: number
  /** Or so many clients; one that was refused waits a second, as it was told. */
  atOnce?: number
}

/** What became of one query, as its client saw it. */
export interface OneAsked {
  /** From the start of the order. */
  atMs: number
  latencyMs: number
  /** 0: no answer. */
  status: number
  reason?: string
  accuracy?: number
  /** Whether it said when to come again. */
  retryAfter: boolean
}

export interface LoadResult {
  answered: number
  perS: number
  p50Ms: number
  /** From the first query to the last answer. */
  tookMs: number
}

const REFUSED_PAUSE_MS = 1000
const PATIENCE_MS = 60_000

export async function startLoad() {
  const child = await startChild<null>('./overload/overload_load.ts')
  return {
    ...child,
    queries: (order: AskOrder) => child.ask<OneAsked[]>({ ...order, each: true }),
    /** Figures of all queries. @throws Error where one has no result */
    async figures(order: AskOrder): Promise<LoadResult> {
      const { others, ...result } = await child.ask<LoadResult & { others: Counts }>(order)
      if (Object.keys(others).length === 0) return result
      throw new Error(`Cannot compare: ${order.url} answered ${JSON.stringify(others)}`)
    },
  }
}

export type Load = Awaited<ReturnType<typeof startLoad>>

let bodies: Uint8Array<ArrayBuffer>[] = []
let next = 0

async function run(order: AskOrder & { each?: boolean }) {
  const { url, pipeline = 'ocr', type = 'image/jpeg', forMs, ratePerS, seed = 5, atOnce } = order
  if (order.bodies !== undefined) bodies = order.bodies.map((one) => Uint8Array.fromBase64(one))
  else if (bodies.length === 0) bodies = [await twoLines()]
  const asked: OneAsked[] = []
  const latenciesMs: number[] = []
  const others: Counts = {}
  const startMs = performance.now()
  const isOver = () => performance.now() - startMs >= forMs
  const body = () => bodies[next++ % bodies.length]!

  /** All figures come from the bare answer: reading it would be this process's own work. */
  async function askOnly(): Promise<void> {
    const atMs = performance.now()
    const response = await infer(url, pipeline, body(), { type, timeoutMs: PATIENCE_MS })
    await response.arrayBuffer()
    if (response.status === 200) latenciesMs.push(performance.now() - atMs)
    else count(others, response.status)
  }

  async function ask(): Promise<void> {
    const atMs = performance.now()
    const one: OneAsked = { atMs: atMs - startMs, latencyMs: 0, status: 0, retryAfter: false }
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS)
      const response = await infer(url, pipeline, body(), { type, signal })
      const { reason, accuracy } = await response.json()
      one.status = response.status
      one.retryAfter = response.headers.has('retry-after')
      if (reason !== undefined) one.reason = reason
      if (accuracy !== undefined) one.accuracy = accuracy
    } catch (error) {
      one.reason = String(error)
    }
    one.latencyMs = performance.now() - atMs
    asked.push(one)
    if (atOnce !== undefined && one.status !== 200) await pause(REFUSED_PAUSE_MS)
  }

  if (atOnce !== undefined) {
    await clients(atOnce, async () => {
      while (!isOver()) await (order.each ? ask() : askOnly())
    })
  } else {
    const random = createRandom(seed)
    const all: Promise<void>[] = []
    for (let atMs = 0;;) {
      atMs += exponential(random, 1000 / (ratePerS ?? 1))
      if (atMs > forMs) break
      const waitMs = startMs + atMs - performance.now()
      if (waitMs > 0) await pause(waitMs)
      all.push(ask())
    }
    await Promise.all(all)
  }
  if (order.each) return asked
  const [tookMs, answered] = [performance.now() - startMs, latenciesMs.length]
  return {
    ...{ answered, others, tookMs, perS: answered * 1000 / tookMs },
    p50Ms: quantile(latenciesMs, 0.5),
  }
}

if (import.meta.main) await answerLines(null, run)
