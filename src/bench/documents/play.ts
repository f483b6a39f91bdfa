/** Queries alone, then beside the job, then while nodes and once the coordinator are killed. @module */
import { setTimeout as pause } from 'node:timers/promises'
import { askOverHttp } from '../../../demo/load/ask.ts'
import { runLoad } from '../../../demo/load/run.ts'
import { tally } from '../../../demo/load/tally.ts'
import type { Asked, Body } from '../../../demo/load/types.ts'
import { createClient, type JobInfo } from '../../client/mod.ts'
import { SAMPLE_PAGE } from '../../cli/serve/serving.ts'
import { ending, sumOf } from '../tools.ts'
import { createCounters, follow, type Told } from './job.ts'
import { DOCUMENTS } from './params.ts'
import { type BenchPool, type Place, PLACES } from './pool.ts'

/** Shares of the pages at which the job's estimate is held against what came. */
const ESTIMATES = [0.25, 0.5, 0.75]

export async function play(pool: BenchPool, pdf: Uint8Array<ArrayBuffer>, pages: number) {
  const killEachMs = DOCUMENTS.killEachS * 1000
  const client = createClient(pool.url)
  const countParts = createCounters(pool.url)
  const page = { bytes: await Deno.readFile(SAMPLE_PAGE), type: 'image/jpeg' }
  const load = startLoad(pool.url, page)
  const memory: { [name: string]: number }[] = []
  const told: Told = { times: new Map(), atMs: [] }
  const spans: Span[] = []
  const over = new AbortController()
  /** With all three serving, and the pages that came then. */
  const full = { ms: 0, pages: 0 }
  const killed: { place: Place; backMs: number }[] = []
  const estimated: { done: number; saidMs: number; atMs: number }[] = []
  let awayMs: number | null = null
  let job: JobInfo | undefined

  const begin = (window: Window) => {
    const nowMs = load.nowMs()
    const last = spans.at(-1)
    if (last !== undefined) last.toMs = nowMs
    spans.push({ window, fromMs: nowMs, toMs: Infinity })
  }

  /** Until the run is over; what cannot be had while the coordinator is away is left out. */
  async function every(ms: number, look: () => Promise<unknown>): Promise<void> {
    while (!over.signal.aborted) {
      await look().catch(() => {})
      await pause(ms, undefined, { signal: over.signal }).catch(() => {})
    }
  }

  let lookedMs = performance.now()
  let counted = 0
  async function lookAtServing(): Promise<void> {
    const [nowMs, count] = [performance.now(), told.atMs.length]
    const [ms, more] = [nowMs - lookedMs, count - counted]
    ;[lookedMs, counted] = [nowMs, count]
    const isUnderWay = job !== undefined && count < pages
    if (await pool.serving() < PLACES.length || !isUnderWay) return
    full.ms += ms
    full.pages += more
  }

  async function tell(): Promise<void> {
    if (job === undefined) return
    job = await client.jobs.get(job.id)
    const next = ESTIMATES[estimated.length]
    const { pages: { done }, estimateAt } = job
    if (next !== undefined && done >= next * pages && estimateAt !== null) {
      const saidMs = Date.parse(estimateAt) - Date.now()
      estimated.push({ done, saidMs, atMs: performance.now() })
    }
    const minutes = (load.nowMs() / 60_000).toFixed(1)
    console.log(`${minutes} min, ${spans.at(-1)?.window}: ${done} of ${pages} pages`)
  }

  const watches = [
    every(DOCUMENTS.memoryMs, async () => memory.push(await pool.memory())),
    every(DOCUMENTS.lookMs, lookAtServing),
    every(DOCUMENTS.progressMs, tell),
  ]

  await using _ = ending({ end: () => over.abort() }, load, { end: () => Promise.all(watches) })
  begin('without the job')
  await pause(DOCUMENTS.aloneKills * killEachMs)

  const sentMs = performance.now()
  begin('beside the job')
  job = await client.jobs.create([{ name: 'scans.pdf', data: pdf }], {
    deadlineMs: DOCUMENTS.byMs,
    output: ['pdf', 'text'],
  })
  const takenMs = performance.now() - sentMs
  console.log(`handed in: ${pages} pages, ${(pdf.length / 1e6).toFixed(0)} MB`)
  let endedMs = 0
  const ended = follow(client, job.id, told, over.signal).finally(() => {
    endedMs = performance.now()
    spans.at(-1)!.toMs = load.nowMs()
  })
  await Promise.race([ended, pause(DOCUMENTS.calmKills * killEachMs)])
  const calm = { ms: performance.now() - sentMs, pages: told.atMs.length }

  begin('beside the job, nodes killed')
  for (let kills = 0; endedMs === 0;) {
    if (awayMs === null && told.atMs.length >= DOCUMENTS.restartAt * pages) {
      console.log('killed: the coordinator')
      await countParts()
      begin('the coordinator away')
      const killedMs = performance.now()
      await pool.restart()
      awayMs = performance.now() - killedMs
      begin('beside the job, nodes killed')
    }
    const dueMs = sentMs + calm.ms + kills * killEachMs
    if (performance.now() >= dueMs) {
      const place = PLACES[kills++ % PLACES.length]!
      console.log(`killed: ${place}`)
      killed.push({ place, backMs: await pool.replace(place) })
    }
    await Promise.race([ended, pause(DOCUMENTS.againMs)])
  }

  job = await ended
  const lastMs = told.atMs.at(-1) ?? NaN
  await load.end()
  return {
    /** `calm`: pages and ms of the job until the first kill. */
    ...{ job, told, full, calm, killed, memory },
    /** Of the coordinator, until it could serve again; null where it was not killed. */
    awayMs,
    parts: await countParts(),
    /** Ms from the call that hands the job in: until it answers, to its pages, to the end. */
    ...{ takenMs, firstPageMs: (told.atMs[0] ?? NaN) - sentMs, lastPageMs: lastMs - sentMs },
    endMs: endedMs - sentMs,
    /** When pages were done, the minutes that were left as the job said, and as they were. */
    estimates: estimated.map(({ done, saidMs, atMs }) => ({
      ...{ done, saidMin: saidMs / 60_000, wasMin: (lastMs - atMs) / 60_000 },
    })),
    results: await client.jobs.results(job.id),
    text: await (await client.jobs.result(job.id, 0, 'text')).text(),
    layered: new Uint8Array(await (await client.jobs.result(job.id, 0, 'pdf')).arrayBuffer()),
    windows: windowsOf(load.asked, spans),
  }
}

/** Parts of the run; the last is from the coordinator's end until it serves again. */
const WINDOWS = [
  ...['without the job', 'beside the job', 'beside the job, nodes killed'] as const,
  'the coordinator away',
] as const
type Window = (typeof WINDOWS)[number]

/** On the clock of the load, ms. */
interface Span {
  window: Window
  fromMs: number
  toMs: number
}

/** Longer than any run. */
const LENGTH_S = 24 * 3600

/** At random moments, whatever became of the queries before. */
function startLoad(url: string, body: Body) {
  const asked: Asked[] = []
  const over = new AbortController()
  const startMs = performance.now()
  const order = {
    ...{ url, pipeline: 'ocr', arrivals: 'poisson' as const, seed: DOCUMENTS.seed },
    trace: { binSeconds: LENGTH_S, rates: [1 / DOCUMENTS.queryEachS] },
  }
  const done = runLoad(order, {
    ask: (query) => askOverHttp(order, body, query),
    told: (one) => asked.push(one),
    signal: over.signal,
  })
  return {
    /** What was answered until now. */
    asked,
    nowMs: () => performance.now() - startMs,
    /** Sends no more. Resolves when all are answered. */
    async end() {
      over.abort()
      await done
    },
  }
}

/** @param spans in order; a query that was under way while the coordinator was away counts as such */
function windowsOf(all: readonly Asked[], spans: readonly Span[]) {
  const away = spans.filter(({ window }) => window === 'the coordinator away')
  const windowOf = ({ dueMs, latencyMs }: Asked): Window | undefined =>
    away.some(({ fromMs, toMs }) => dueMs < toMs && dueMs + latencyMs > fromMs)
      ? 'the coordinator away'
      : spans.find(({ fromMs, toMs }) => dueMs >= fromMs && dueMs < toMs)?.window
  return WINDOWS.flatMap((window) => {
    const own = spans.filter((span) => span.window === window)
    if (own.length === 0) return []
    const mine = all.filter((one) => windowOf(one) === window)
    const { queries, onTime, effectiveAccuracy, latencyMs, outcomes } = tally(mine, DOCUMENTS.sloMs)
    return [{
      ...{ window, seconds: sumOf(own.map(({ fromMs, toMs }) => (toMs - fromMs) / 1000)) },
      ...{ outcomes, queries, violations: queries - onTime, accuracy: effectiveAccuracy },
      ...{ p50Ms: latencyMs?.p50 ?? null, p95Ms: latencyMs?.p95 ?? null },
    }]
  })
}
