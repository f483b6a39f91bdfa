/**
 * Runs jobs: keeps a few of their parts in the pool, the most urgent of all jobs first, and writes
 * each result to disk at once.
 *
 * A part that is refused waits and is submitted again. A part that fails is submitted page by page,
 * so that one bad page does not lose its neighbours; a page that fails by no fault of its own is
 * tried a few times. A page that fails for good is counted, with its reason, and the document goes
 * on.
 *
 * @module
 */
import { goneWith } from '../core/gone.ts'
import type { Log } from '../core/log.ts'
import { failureOf, faultOf } from './faults.ts'
import type { Folder } from './folder.ts'
import { hasEnded, type Job, STOPPED } from './job.ts'
import { Opening } from './opening.ts'
import { dueOf, Window } from './pace.ts'
import { JOBS } from './params.ts'
import { firstFailure, writePart } from './part_files.ts'
import type { Rates } from './rates.ts'
import type { Kind, PartResult, Unit } from './types.ts'
import { SplitError, type Work } from './work.ts'

export interface RunnerOptions {
  works: Record<Kind, Work>
  folder: Folder
  rates: Rates
  now: () => number
  /** Milliseconds since the epoch. */
  wallMs: () => number
  log: Log
  /** Whether one more document of this caller would enter the pool now. */
  mayEnter(caller: string): boolean
  /** Called where a job, or these documents of it, changed, and are to be written. */
  changed(job: Job, documents?: readonly number[]): Promise<void>
  ended(job: Job): void
}

export class Runner {
  readonly #jobs = new Set<Job>()
  readonly #window = new Window()
  readonly #opening: Opening
  readonly #closing = new AbortController()
  readonly #underWay = new Set<Promise<void>>()
  #inPool = 0
  #serial = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly options: RunnerOptions) {
    const { works, folder, changed, log } = options
    this.#opening = new Opening({
      ...{ works, folder, changed, log, signal: this.#closing.signal },
      opened: (job, n) => {
        if (job.isComplete(n)) this.#track(this.#finish(job, n))
        this.#pump()
      },
      counted: (job) => this.#endIfDone(job),
    })
  }

  get jobs(): ReadonlySet<Job> {
    return this.#jobs
  }

  /** Resolves when the job was opened. */
  add(job: Job): Promise<void> {
    this.#jobs.add(job)
    this.options.rates.jobsChanged()
    return this.#track(this.#opening.open(job))
  }

  /** Ends a job: its results are kept, no more parts are submitted. */
  cancel(job: Job): void {
    if (job.ended) return
    for (const document of job.documents) {
      if (!hasEnded(document)) document.state = 'cancelled'
    }
    this.#end(job, 'cancelled')
  }

  /** Resolves when all writes have ended. */
  async stop(): Promise<void> {
    this.#closing.abort(STOPPED)
    clearTimeout(this.#timer)
    await Promise.allSettled([...this.#underWay])
  }

  #track(work: Promise<void>): Promise<void> {
    const { log } = this.options
    const tracked = work.catch((error: Error) => {
      log(`fault in a job: ${error.stack ?? error.message}`, 'error', { event: 'fault' })
    }).finally(() => this.#underWay.delete(tracked))
    this.#underWay.add(tracked)
    return tracked
  }

  /** Submits parts as long as there is room. */
  #pump(): void {
    if (this.#closing.signal.aborted) return
    clearTimeout(this.#timer)
    const { rates, now } = this.options
    const room = this.#window.size(rates.slots())
    while (this.#inPool < room) {
      const next = this.#next()
      if (next === undefined) break
      const { job, unit, dueMs } = next
      job.enter(unit)
      this.#inPool++
      if (job.waiting !== null) {
        job.waiting = null
        job.notify({ type: 'job' })
      }
      this.#track(this.#serve(job, unit, dueMs))
    }
    if (this.#inPool >= room) return
    const nowMs = now()
    const atMs = Math.min(
      ...[...this.#jobs].map((job) => this.#mayAsk(job) ? job.nextMs() : nowMs + JOBS.retryMs),
    )
    if (atMs < Infinity) {
      this.#timer = setTimeout(() => this.#pump(), Math.max(1, atMs - nowMs))
    }
  }

  #mayAsk(job: Job): boolean {
    const { kind, owner } = job.row
    return !this.#isIdle(job) && (kind !== 'documents' || this.options.mayEnter(owner))
  }

  /** Whether a job waits for disk room, or, after a refusal, for nodes. */
  #isIdle(job: Job): boolean {
    const { folder, rates } = this.options
    const full = folder.refusal(job.id)
    if (full !== undefined) this.#wait(job, full.message)
    return full !== undefined || job.waiting !== null && !rates.isServed(job.row)
  }

  #wait(job: Job, why: string): void {
    if (job.waiting === why) return
    job.waiting = why
    job.notify({ type: 'job' })
  }

  /** The most urgent of the first parts of all jobs. */
  #next(): { job: Job; unit: Unit; dueMs: number } | undefined {
    const { now, wallMs, rates } = this.options
    const nowMs = now()
    const toMonotonicMs = nowMs - wallMs()
    let next: { job: Job; unit: Unit; dueMs: number } | undefined
    for (const job of this.#jobs) {
      const unit = this.#mayAsk(job) ? job.first(nowMs) : undefined
      if (unit === undefined) continue
      const { byMs, createdAtMs, pipeline } = job.row
      const leastMs = Math.max(JOBS.leastMs, rates.sloMs(pipeline) * unit.count) * unit.stretch
      const dueMs = dueOf({
        ...{ nowMs, leastMs, parts: job.parts, inPool: job.inPool.size },
        byMs: byMs === null ? null : byMs + toMonotonicMs,
        createdMs: createdAtMs + toMonotonicMs,
      })
      if (next === undefined || dueMs < next.dueMs) next = { job, unit, dueMs }
    }
    return next
  }

  async #serve(job: Job, unit: Unit, dueMs: number): Promise<void> {
    const { works, rates, wallMs } = this.options
    const { kind, pipeline, state, owner } = job.row
    const share = rates.share(pipeline, this.#jobs, wallMs())
    if (state === 'queued') this.#begin(job)
    rates.began(pipeline)
    const signal = AbortSignal.any([job.stopping.signal, this.#closing.signal])
    const id = `${job.id}.${++this.#serial}`
    try {
      const terms = { id, dueMs, share, holder: owner, gone: goneWith(signal) }
      const result = await works[kind].ask(job, unit, terms)
      if (!signal.aborted) await this.#keep(job, unit, result)
    } catch (error) {
      if (!signal.aborted) await this.#fail(job, unit, error)
    } finally {
      job.inPool.delete(unit)
      this.#inPool--
      this.#pump()
    }
  }

  #begin(job: Job): void {
    job.row.state = 'running'
    job.row.startedAtMs ??= this.options.wallMs()
    void this.options.changed(job)
    job.notify({ type: 'job' })
  }

  /** Writes the result of a part, then counts it. */
  async #keep(job: Job, unit: Unit, result: PartResult): Promise<void> {
    const { folder, rates, changed } = this.options
    const { document: n, from, count } = unit
    const given = new Set([...result.pages, ...result.failed].map(({ index }) => index))
    const missing = Array.from({ length: count }, (_, i) => from + i).filter((at) => !given.has(at))
    if (missing.length > 0 && count > 1) job.split(unit, missing)
    else {
      const message = 'Cannot use the answer: it does not have the page'
      for (const index of missing) result.failed.push({ index, reason: 'internal', message })
    }
    if (given.size + missing.length === 0) return
    const bytes = await writePart(folder, job.id, unit, result)
    if (job.ended) return
    if (job.row.kind === 'batch') folder.promise(job, bytes)
    job.waiting = null
    this.#window.completed()
    const { pages, failed } = job.take(n, result)
    rates.done(job.row.pipeline, pages.length, failed.length)
    for (const page of pages) job.notify({ type: 'page', document: n, index: page.index, page })
    for (const failure of failed) job.notify({ type: 'failed', document: n, ...failure })
    const row = job.documents[n]!
    if (row.state === 'queued') {
      row.state = 'running'
      void changed(job, [n])
    }
    if (job.isComplete(n)) await this.#finish(job, n)
  }

  async #fail(job: Job, unit: Unit, error: unknown): Promise<void> {
    const { now, log } = this.options
    const { from, count } = unit
    const indexes = Array.from({ length: count }, (_, i) => from + i)
    if (error instanceof SplitError) return job.split(unit, indexes)
    const fault = faultOf(error)
    const { reason, message } = fault
    if (fault.crowded) this.#window.refused()
    if (fault.hurried) unit.stretch = Math.min(64, unit.stretch * 2)
    if (fault.kind === 'refused') {
      unit.refused++
      this.#wait(job, message)
    } else if (fault.kind === 'fault') unit.tries++
    const again = fault.kind === 'refused' ||
      fault.kind === 'fault' && unit.tries < JOBS.tries && (count === 1 || fault.hurried)
    if (again) {
      const doubled = JOBS.retryMs * 2 ** Math.min(10, unit.refused + unit.tries - 1)
      const waitMs = fault.reason === 'no_capable_node'
        ? JOBS.retryMs
        : Math.max(fault.retryAfterMs, Math.min(JOBS.mostRetryMs, doubled))
      unit.notBeforeMs = now() + waitMs
      return job.putBack(unit)
    }
    if (count > 1) return job.split(unit, indexes)
    const details = { event: 'page_failed', job: job.id, document: unit.document, page: from }
    log.debug?.(`job ${job.id}: page ${from}: ${message}`, details)
    try {
      await this.#keep(job, unit, { pages: [], failed: [{ index: from, reason, message }] })
    } catch (error) {
      // The failure could not be written: the disk is full.
      job.waiting = failureOf(error).message
      unit.notBeforeMs = now() + JOBS.mostRetryMs
      job.putBack(unit)
    }
  }

  /** Ends a document, all pages of which have a result. */
  async #finish(job: Job, n: number): Promise<void> {
    const { works, folder, changed } = this.options
    const { kind } = job.row
    const row = job.documents[n]!
    try {
      if (row.done === 0 && kind !== 'batch') throw await firstFailure(folder, job.id, n)
      row.outputs = await works[kind].finish(job, n)
      if (hasEnded(row)) return
      row.state = 'done'
    } catch (error) {
      if (hasEnded(row) || this.#closing.signal.aborted) return
      row.state = 'failed'
      row.error = failureOf(error)
    }
    void changed(job, [n])
    job.notify({ type: 'document', document: row })
    this.#endIfDone(job)
  }

  #endIfDone(job: Job): void {
    if (job.ended || !job.isCounted || !job.documents.every(hasEnded)) return
    this.#end(job, job.documents.some(({ state }) => state === 'done') ? 'done' : 'failed')
  }

  #end(job: Job, state: 'done' | 'failed' | 'cancelled'): void {
    const { wallMs, changed, ended, rates } = this.options
    Object.assign(job.row, { state, endedAtMs: wallMs() })
    job.waiting = null
    job.stop()
    this.#jobs.delete(job)
    rates.jobsChanged()
    void changed(job, job.documents.map(({ n }) => n))
    job.notify({ type: 'end' })
    ended(job)
    this.#pump()
  }
}
