/**
 * A job under way: what of it is done, what waits, what is inside the pool.
 *
 * @module
 */
import type { Holder } from '../core/shares.ts'
import { JOBS } from './params.ts'
import type { DocumentRow, JobRow, PartResult, Unit } from './types.ts'

/** What those who listen are told. */
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
  /** Where it is, for whoever takes it. */
  path: string
  owner: Holder
}

/** A job as it was asked for, at this time, with its files in their order. */
export function newJob(
  asked: NewJob,
  files: readonly { name: string; bytes: number }[],
  createdAtMs: number,
): Job {
  const prefix = asked.kind === 'batch' ? 'batch_' : 'job-'
  const id = prefix + crypto.randomUUID().replaceAll('-', '')
  return new Job(
    { id, ...asked, state: 'queued', createdAtMs, startedAtMs: null, endedAtMs: null },
    files.map(({ name, bytes }, n) => ({
      ...{ job: id, n, name, bytes, type: null, state: 'queued', pages: null },
      ...{ done: 0, failed: 0, error: null, outputs: [], openings: 0 },
    })),
  )
}

export class Job {
  /** Parts that wait, in the order of the pages; none of them is inside. */
  readonly #pending: Unit[] = []
  /** Of each document that is open: what became of each page. */
  readonly #pages = new Map<number, Uint8Array>()
  readonly inside = new Set<Unit>()
  readonly listeners = new Set<(news: JobNews) => void>()
  /** Aborted when nothing of it is wanted any more. */
  readonly stopping = new AbortController()
  /** Resolves when all documents were opened, those that can be. */
  readonly counted = Promise.withResolvers<void>()
  isCounted = false
  /** Bytes that are held for the files to be made of its answers, of a batch. */
  promised = 0
  /** Why it stands still, in words; null while it goes on. */
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
    return this.#pending.length + this.inside.size
  }

  tell(news: JobNews): void {
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

  /** Pages without a result, as far as they are known. */
  left(): number {
    const { done, failed } = this.counts()
    const total = this.documents.reduce((sum, { pages }) => sum + (pages ?? 0), 0)
    return total - done - failed
  }

  /** A document was opened. @param known what earlier runs made of its pages */
  opened(n: number, type: string, pages: number, known: readonly PartResult[]): void {
    Object.assign(this.documents[n]!, { type, pages, done: 0, failed: 0 })
    this.#pages.set(n, new Uint8Array(pages))
    for (const result of known) this.take(n, result)
  }

  /** Has what is open of a document asked, so many pages at once. */
  cut(n: number, unitPages: number): void {
    const pages = this.#pages.get(n)!
    for (let from = 0; from < pages.length;) {
      let count = 0
      while (count < unitPages && pages[from + count] === OPEN) count++
      if (count > 0) this.#pending.push(unitOf(n, from, count))
      from += Math.max(1, count)
    }
  }

  /** Notes pages that were not known before, and returns them. */
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

  /** The first that may be asked. */
  first(nowMs: number): Unit | undefined {
    return this.#pending.find(({ notBeforeMs }) => notBeforeMs <= nowMs)
  }

  /** When the next may be asked; infinite where none waits. */
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
    this.inside.add(unit)
  }

  /** It is asked again. */
  putBack(unit: Unit): void {
    this.#pending.unshift(unit)
  }

  /** Each of these pages by itself, so that one bad page does not lose its neighbours. */
  split({ document }: Unit, indexes: readonly number[]): void {
    this.#pending.unshift(...indexes.map((index) => unitOf(document, index, 1)))
  }

  /** Nothing more is asked. */
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

/** When whoever made it wants it, or would usually. */
export const endOf = ({ byMs, createdAtMs }: JobRow): number => byMs ?? createdAtMs + JOBS.usualMs
