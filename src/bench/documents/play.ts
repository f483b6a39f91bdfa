/** Queries alone, then beside the job, then while nodes and once the coordinator are killed. @module */
import { setTimeout as pause } from 'node:timers/promises'
import { createClient, type JobInfo } from '../../client/mod.ts'
import { SAMPLE_PAGE } from '../../cli/serve/serving.ts'
import { type Span, startLoad, type Window, windowsOf } from './beside.ts'
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

  try {
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
  } finally {
    over.abort()
    await Promise.all([load.end(), ...watches])
  }
}
