/**
 * The run: queries alone, then beside the job, then while nodes and once the coordinator are killed.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { createClient, type JobInfo, type JobResult } from '../../client/mod.ts'
import { SAMPLE_PAGE } from '../../cli/serve/serving.ts'
import { type Span, startLoad, type Window, type WindowFigures, windowsOf } from './beside.ts'
import { createCounters, type PartCounts } from './counters.ts'
import { follow, type Told } from './follow.ts'
import { MemoryLog } from './memory_log.ts'
import { DOCUMENTS } from './params.ts'
import { type BenchPool, type Place, PLACES } from './pool.ts'
import { lineOf } from './progress.ts'

export interface PlayOptions {
  pdf: Uint8Array<ArrayBuffer>
  pages: number
  killEachS: number
  killsCoordinator: boolean
  say(line: string): void
}

export interface Played {
  job: JobInfo
  results: JobResult[]
  text: string
  layered: Uint8Array<ArrayBuffer>
  told: Told
  /** Ms from the call that hands the job in: until it answers, to the first and last page, to the end. */
  takenMs: number
  firstPageMs: number
  lastPageMs: number
  endMs: number
  /** With all three serving, and the pages that came then. */
  full: { ms: number; pages: number }
  /** Pages and ms of the job until the first kill. */
  calm: { ms: number; pages: number }
  killed: { place: Place; backMs: number }[]
  /** Of the coordinator, until it could serve again; null where it was not killed. */
  awayMs: number | null
  /** When pages were done, the minutes that were left as the job said, and as they were. */
  estimates: { done: number; saidMin: number; wasMin: number }[]
  parts: PartCounts
  memory: MemoryLog
  windows: WindowFigures[]
}

/** Shares of the pages at which the job's estimate is held against what came. */
const ESTIMATES = [0.25, 0.5, 0.75]

export async function play(pool: BenchPool, options: PlayOptions): Promise<Played> {
  const { pdf, pages, killEachS, killsCoordinator, say } = options
  const client = createClient(pool.url)
  const counters = createCounters(pool.url)
  const page = { bytes: await Deno.readFile(SAMPLE_PAGE), type: 'image/jpeg' }
  const load = startLoad(pool.url, page)
  const memory = new MemoryLog()
  const told: Told = { times: new Map(), atMs: [] }
  const spans: Span[] = []
  const over = new AbortController()
  const full = { ms: 0, pages: 0 }
  const killed: Played['killed'] = []
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
  async function lookWhoServes(): Promise<void> {
    const [nowMs, count] = [performance.now(), told.atMs.length]
    const [ms, more] = [nowMs - lookedMs, count - counted]
    ;[lookedMs, counted] = [nowMs, count]
    const isUnderWay = job !== undefined && count < pages
    if (await pool.serving() < PLACES.length || !isUnderWay) return
    full.ms += ms
    full.pages += more
  }

  async function tell(): Promise<void> {
    if (job !== undefined) {
      job = await client.jobs.get(job.id)
      const next = ESTIMATES[estimated.length]
      const { pages: { done }, estimateAt } = job
      if (next !== undefined && done >= next * pages && estimateAt !== null) {
        const saidMs = Date.parse(estimateAt) - Date.now()
        estimated.push({ done, saidMs, atMs: performance.now() })
      }
    }
    const window = spans.at(-1)?.window ?? 'alone'
    const serving = await pool.serving()
    say(lineOf({ ms: load.nowMs(), window, job, serving, asked: load.asked, memory }))
  }

  const watches = [
    every(DOCUMENTS.memoryMs, async () => memory.add(await pool.memory())),
    every(DOCUMENTS.lookMs, lookWhoServes),
    every(DOCUMENTS.progressMs, tell),
  ]

  try {
    begin('alone')
    await pause(DOCUMENTS.aloneKills * killEachS * 1000)

    const sentMs = performance.now()
    begin('job')
    job = await client.jobs.create([{ name: 'scans.pdf', data: pdf }], {
      deadlineMs: DOCUMENTS.byMs,
      output: ['pdf', 'text'],
    })
    const takenMs = performance.now() - sentMs
    say(`handed in: ${pages} pages, ${(pdf.length / 1e6).toFixed(0)} MB`)
    let endedMs = 0
    const ended = follow(client, job.id, told, over.signal).finally(() => {
      endedMs = performance.now()
      spans.at(-1)!.toMs = load.nowMs()
    })
    await Promise.race([ended, pause(DOCUMENTS.calmKills * killEachS * 1000)])
    const calm = { ms: performance.now() - sentMs, pages: told.atMs.length }

    begin('kills')
    for (let kill = 0; endedMs === 0;) {
      const isHalf = told.atMs.length >= DOCUMENTS.restartAt * pages
      if (killsCoordinator && awayMs === null && isHalf) {
        say('killed: the coordinator')
        await counters.endsNow()
        begin('away')
        const killedMs = performance.now()
        await pool.restart()
        awayMs = performance.now() - killedMs
        begin('kills')
      }
      const dueMs = sentMs + calm.ms + kill * killEachS * 1000
      if (performance.now() >= dueMs) {
        const place = PLACES[kill++ % PLACES.length]!
        say(`killed: ${place}`)
        killed.push({ place, backMs: await pool.replace(place) })
      }
      await Promise.race([ended, pause(DOCUMENTS.againMs)])
    }

    job = await ended
    const lastMs = told.atMs.at(-1) ?? NaN
    await load.end()
    return {
      ...{ job, told, takenMs, full, calm, killed, awayMs, memory },
      parts: await counters.read(),
      firstPageMs: (told.atMs[0] ?? NaN) - sentMs,
      lastPageMs: lastMs - sentMs,
      endMs: endedMs - sentMs,
      estimates: estimated.map(({ done, saidMs, atMs }) => ({
        ...{ done, saidMin: saidMs / 60_000, wasMin: (lastMs - atMs) / 60_000 },
      })),
      results: await client.jobs.results(job.id),
      text: await (await client.jobs.result(job.id, 0, 'text')).text(),
      layered: new Uint8Array(await (await client.jobs.result(job.id, 0, 'pdf')).arrayBuffer()),
      windows: windowsOf(load.asked, spans),
    }
  } finally {
    over.abort()
    await Promise.all([load.end(), ...watches])
  }
}
