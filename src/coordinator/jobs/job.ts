/**
 * A job under way: its pages that are done, its parts that wait, its parts in the pool.
 *
 * @module
 */
import type { Holder } from '../core/shares.ts'
import { JOBS } from './params.ts'
import type { DocumentRow, JobRow, PartResult, Unit } from './types.ts'

/** Events for the listeners of a job. */
export type JobNews =
  | { type: 'page'; document: number; index: number; page: unknown }
  | { type: 'failed'; document: number; index: number; reason: string; message: string }
  | { type: 'document'; document: DocumentRow }
  | { type: 'job' }
  | { type: 'end' }

const ENDED: ReadonlySet<string> = new Set(['done', 'failed', 'cancelled'])
export const hasEnded = ({ state }: { state: string }): boolean => ENDED.has(state)

export const newestFirst = (a: Job, b: Job): number => b.row.createdAtMs - a.row.createdAtMs

const [OPEN, DONE, FAILED] = [0, 1, 2]

export type NewJob = Pick<
  JobRow,
  'owner' | 'kind' | 'pipeline' | 'byMs' | 'output' | 'webhook' | 'batch'
>

export interface UploadedFile {
  field: string
  name: string
  bytes: number
  /** Its path, from where it is moved. */
  path: string
  owner: Holder
}

/** A new job, with its files in their order. */
export function newJob(
  made: NewJob,
  files: readonly { name: string; bytes: number }[],
  createdAtMs: number,
): Job {
  const prefix = made.kind === 'batch' ? 'batch_' : 'job-'
  const id = prefix + crypto.randomUUID().replaceAll('-', '')
  return new Job(
    { id, ...made, state: 'queued', createdAtMs, startedAtMs: null, endedAtMs: null },
    files.map(({ name, bytes }, n) => ({
      ...{ job: id, n, name, bytes, type: null, state: 'queued', pages: null },
      ...{ done: 0, failed: 0, error: null, outputs: [], openings: 0 },
    })),
  )
}

export class Job {
  /** Parts that wait, in the order of the pages; none of them is in the pool. */
  readonly #pending: Unit[] = []
  /** The state of each page, by open document. */
  readonly #pages = new Map<number, Uint8Array>()
  readonly inPool = new Set<Unit>()
  readonly listeners = new Set<(news: JobNews) => void>()
  /** Aborted when the job is cancelled or removed. */
  readonly stopping = new AbortController()
  /** Resolves when all documents that can be opened were opened. */
  readonly counted = Promise.withResolvers<void>()
  isCounted = false
  /** Bytes held for the files that will be made of a batch's answers. */
  promised = 0
  /** Why the job stands still, in words; null while it goes on. */
  waiting: string | null = null

  constructor(readonly row: JobRow, readonly documents: DocumentRow[]) {}

  get id(): string {
    return this.row.id
  }

  get ended(): boolean {
    return hasEnded(this.row)
  }

  /** Parts without a result. */
  get parts(): number {
    return this.#pending.length + this.inPool.size
  }

  notify(news: JobNews): void {
    for (const listener of this.listeners) listener(news)
  }

  /** `total` is null until all documents were opened. */
  counts(): { done: number; total: number | null; failed: number } {
    let [done, total, failed] = [0, 0, 0]
    for (const document of this.documents) {
      done += document.done
      failed += document.failed
      total += document.pages ?? 0
    }
    return { done, total: this.isCounted || this.ended ? total : null, failed }
  }

  /** Pages without a result in the documents that were counted. */
  left(): number {
    const { done, failed } = this.counts()
    const total = this.documents.reduce((sum, { pages }) => sum + (pages ?? 0), 0)
    return total - done - failed
  }

  /** Notes that a document was opened. @param earlier results of earlier runs */
  opened(n: number, type: string, pages: number, earlier: readonly PartResult[]): void {
    Object.assign(this.documents[n]!, { type, pages, done: 0, failed: 0 })
    this.#pages.set(n, new Uint8Array(pages))
    for (const result of earlier) this.take(n, result)
  }

  /** Cuts the open pages of a document into parts of this many pages. */
  cut(n: number, unitPages: number): void {
    const pages = this.#pages.get(n)!
    for (let from = 0; from < pages.length;) {
      let count = 0
      while (count < unitPages && pages[from + count] === OPEN) count++
      if (count > 0) this.#pending.push(unitOf(n, from, count))
      from += Math.max(1, count)
    }
  }

  /** Notes results of pages, and returns those that are new. */
  take(n: number, { pages, failed }: PartResult): PartResult {
    const [flags, document] = [this.#pages.get(n)!, this.documents[n]!]
    const isNew = ({ index }: { index: number }) => flags[index] === OPEN
    const news = { pages: pages.filter(isNew), failed: failed.filter(isNew) }
    for (const { index } of news.pages) flags[index] = DONE!
    for (const { index } of news.failed) flags[index] = FAILED!
    document.done += news.pages.length
    document.failed += news.failed.length
    return news
  }

  isComplete(n: number): boolean {
    const { done, failed, pages } = this.documents[n]!
    return pages !== null && done + failed === pages
  }

  /** The first part that may be submitted. */
  first(nowMs: number): Unit | undefined {
    return this.#pending.find(({ notBeforeMs }) => notBeforeMs <= nowMs)
  }

  /** The time at which the next part may be submitted; infinite where none waits. */
  nextMs(): number {
    let least = Infinity
    for (const { notBeforeMs } of this.#pending) {
      if (notBeforeMs === 0) return 0
      least = Math.min(least, notBeforeMs)
    }
    return least
  }

  enter(unit: Unit): void {
    this.#pending.splice(this.#pending.indexOf(unit), 1)
    this.inPool.add(unit)
  }

  /** Has a part submitted again. */
  putBack(unit: Unit): void {
    this.#pending.unshift(unit)
  }

  /** Splits a part into single pages, so that one bad page does not lose its neighbours. */
  split({ document }: Unit, indexes: readonly number[]): void {
    this.#pending.unshift(...indexes.map((index) => unitOf(document, index, 1)))
  }

  /** Submits no more parts. */
  stop(): void {
    this.#pending.length = 0
    this.#pages.clear()
    this.stopping.abort(STOPPED)
    this.counted.resolve()
  }
}

export const STOPPED = new DOMException('The job was ended', 'AbortError')

const unitOf = (document: number, from: number, count: number): Unit => ({
  ...{ document, from, count, tries: 0, refused: 0, notBeforeMs: 0, stretch: 1 },
})

/** The due time of a job; without one, a usual time after its creation. */
export const endOf = ({ byMs, createdAtMs }: JobRow): number => byMs ?? createdAtMs + JOBS.usualMs
