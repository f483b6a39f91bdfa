/**
 * Opens the documents of a job one after another: counts their pages, finds results of earlier runs
 * of the coordinator, and cuts the rest into parts.
 *
 * @module
 */
import type { Log } from '../core/log.ts'
import { failureOf } from './faults.ts'
import type { Folder } from './folder.ts'
import { hasEnded, type Job } from './job.ts'
import { JOBS } from './params.ts'
import { PARTS, readParts } from './part_files.ts'
import type { Kind } from './types.ts'
import { DocumentFault, type Work } from './work.ts'

export interface OpeningOptions {
  works: Record<Kind, Work>
  folder: Folder
  log: Log
  signal: AbortSignal
  /** Resolves once the change is written, or the write failed. */
  changed(job: Job, documents?: readonly number[]): Promise<void>
  opened(job: Job, n: number): void
  counted(job: Job): void
}

export class Opening {
  readonly #turns = new Map<Kind, Promise<unknown>>()

  constructor(private readonly options: OpeningOptions) {}

  async open(job: Job): Promise<void> {
    const { folder, changed, opened, counted, signal } = this.options
    const earlier = await readParts(folder, job.id)
    if (job.row.kind === 'batch') folder.promise(job, await folder.bytesOf(job.id, PARTS))
    for (const row of job.documents) {
      if (hasEnded(row)) continue
      const { n } = row
      try {
        const { type, pages, unitPages } = await this.#inTurn(job, () => this.#marked(job, n))
        if (job.ended || signal.aborted) return
        job.opened(n, type, pages, earlier.get(n) ?? [])
        job.cut(n, unitPages)
      } catch (error) {
        if (job.ended || signal.aborted) return
        Object.assign(row, { state: 'failed', error: failureOf(error) })
        job.notify({ type: 'document', document: row })
      }
      void changed(job, [n])
      if (!hasEnded(row)) opened(job, n)
    }
    job.isCounted = true
    job.counted.resolve()
    job.notify({ type: 'job' })
    counted(job)
  }

  /**
   * Opens one document of each kind at a time: if the coordinator dies, one of these was at fault.
   */
  #inTurn<T>({ row: { kind } }: Job, work: () => Promise<T>): Promise<T> {
    const result = (this.#turns.get(kind) ?? Promise.resolve()).then(work)
    this.#turns.set(kind, result.catch(() => {}))
    return result
  }

  /** Marks the row of a document while it is opened: the next run finds the mark. */
  async #marked(job: Job, n: number) {
    const { changed, log, signal } = this.options
    const row = job.documents[n]!
    signal.throwIfAborted()
    job.stopping.signal.throwIfAborted()
    if (row.openings >= JOBS.openings) {
      const message =
        `Cannot open ${row.name}: the coordinator ended ${row.openings} times while ` +
        'it was being opened, and it is not opened again'
      log(`job ${job.id}: ${message}`, 'warn', { event: 'document_set_aside', job: job.id })
      throw new DocumentFault({ reason: 'internal', message })
    }
    row.openings++
    await changed(job, [n])
    try {
      return await this.#opened(job, n)
    } finally {
      row.openings = 0
      if (signal.aborted) void changed(job, [n])
    }
  }

  /** Opens a document, once more where its worker was at fault. */
  async #opened(job: Job, n: number) {
    const work = this.options.works[job.row.kind]
    const opened = await work.open(job, n).catch((error) => {
      const isWorkers = error instanceof DocumentFault && error.failure.reason === 'internal'
      if (!isWorkers || error.isFinal || this.options.signal.aborted) throw error
      return work.open(job, n)
    })
    const { name } = job.documents[n]!
    if (opened.pages < 1) {
      throw new DocumentFault({ reason: 'invalid_input', message: `${name} has no pages` })
    }
    const most = job.row.kind === 'batch' ? JOBS.lines : JOBS.pages
    if (opened.pages > most) {
      const message = `Cannot take ${name}: it has ${opened.pages} pages: at most ${most}`
      throw new DocumentFault({ reason: 'too_large', message })
    }
    return opened
  }
}
