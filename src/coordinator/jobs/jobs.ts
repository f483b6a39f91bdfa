/**
 * All jobs of a coordinator: made, kept over restarts, run, shown, removed.
 *
 * @module
 */
import type { JobInfo } from '../../client/job_types.ts'
import { ApiError } from '../core/api_error.ts'
import type { Log } from '../core/log.ts'
import type { Holder } from '../core/shares.ts'
import type { JobsReading } from '../observe/metrics/family.ts'
import type { Pool } from '../pool/pool.ts'
import type { RecordChange, Records } from '../store/records.ts'
import { type BatchApi, type BatchWork, createBatchWork } from './batch_work.ts'
import { checkJobs, roomOfUploads } from './bounds.ts'
import { createDocumentReader } from './document_reader.ts'
import { createDocuments } from './documents/worker.ts'
import { createDocumentsWork } from './documents_work.ts'
import { Files, maySee, type Viewer } from './files.ts'
import { Folder } from './folder.ts'
import { infoOf, readingOf } from './info.ts'
import { Job, newestFirst, type NewJob, newJob } from './job.ts'
import type { UploadedFile } from './job.ts'
import { forgetful, type Ledger } from './ledger.ts'
import { JOBS } from './params.ts'
import { createQueriesWork } from './queries_work.ts'
import { Rates } from './rates.ts'
import { rowsOf } from './rows.ts'
import { Runner } from './runner.ts'
import { Webhooks } from './webhook.ts'

export interface JobsOptions {
  pool: Pool
  now: () => number
  log: Log
  /** The folder of jobs, made when it is first needed. */
  dir: () => Promise<string>
  /** Rows of earlier runs, and the ledger that keeps them from now on. */
  records?: Records
  ledger?: Ledger
  /** Starts `workers/documents.ts`. */
  createDocuments: () => Worker
  /** Starts `workers/batches.ts`. */
  createBatches: () => Worker
  /** Milliseconds since the epoch. */
  wallMs?: () => number
  /** Waits before each further call of a webhook. */
  webhookWaitsMs?: readonly number[]
}

const SWEEP_MS = 3600_000

export class Jobs {
  readonly folder: Folder
  readonly files: Files
  readonly #jobs = new Map<string, Job>()
  readonly #runner: Runner
  readonly #webhooks: Webhooks
  readonly #rates: Rates
  readonly #ledger: Ledger
  readonly #stopReader: () => void
  readonly #batch: BatchWork
  readonly wallMs: () => number
  #batchApi: BatchApi | undefined
  readonly #uploads = roomOfUploads()
  #sweep: ReturnType<typeof setInterval> | undefined
  #swept: Promise<void> = Promise.resolve()

  constructor(private readonly options: JobsOptions) {
    const { pool, now, log, wallMs = Date.now, ledger = forgetful, records = [] } = options
    this.wallMs = wallMs
    this.#ledger = ledger
    const folder = this.folder = new Folder(options.dir)
    const { jobs, documents, files } = rowsOf(records)
    this.files = new Files(folder, ledger, wallMs, files)
    this.#rates = new Rates(pool, now)
    const { createDocuments: createWorker } = options
    const reader = createDocumentReader(
      createDocuments({ createWorker, now, deadlines: pool.deadlines }),
      now,
    )
    this.#stopReader = () => reader.stop()
    const parts = { pool, now, folder }
    const batch = this.#batch = createBatchWork({
      ...{ folder, files: this.files, api: () => this.#batchApi!, now },
      ...{ deadlines: pool.deadlines, createWorker: options.createBatches },
    })
    const changed = (job: Job, documents?: readonly number[]) => this.#put(job, documents)
    this.#webhooks = new Webhooks({
      ...{ infoOf: (job) => this.infoOf(job), changed, wallMs, log },
      ...options.webhookWaitsMs === undefined ? {} : { waitsMs: options.webhookWaitsMs },
    })
    this.#runner = new Runner({
      works: {
        ...{ batch, queries: createQueriesWork(parts) },
        documents: createDocumentsWork(parts, reader),
      },
      ...{ folder, rates: this.#rates, now, wallMs, log, changed, mayEnter: pool.mayEnter },
      ended: (job) => {
        log(`job ${job.id}: ${job.row.state}`, 'info', { event: 'job_ended', job: job.id })
        this.#promise(job, -1)
        this.#webhooks.ended(job)
      },
    })
    for (const row of jobs) {
      const job = new Job(row, documents.get(row.id) ?? [])
      this.#jobs.set(row.id, job)
      folder.own(row.id, row.owner)
      if (!job.ended) this.#promise(job, 1)
    }
    options.pool.draining.addEventListener('abort', () => void this.#runner.stop())
  }

  /**
   * Resumes the jobs of earlier runs.
   *
   * @param batchApi makes the calls of batches
   */
  start(batchApi: BatchApi): void {
    this.#batchApi = batchApi
    const left = [...this.#jobs.values()].filter((job) => !job.ended)
    if (left.length > 0) {
      this.options.log(`${left.length} jobs go on`, 'info', { event: 'jobs_resumed' })
    }
    for (const job of this.#jobs.values()) if (job.ended) this.#webhooks.ended(job)
    void this.#goOn(left)
    void this.#rates.recall(this.folder, this.#jobs.values())
    const sweep = () => this.#swept = this.#swept.then(() => this.#removeOld())
    if (this.#jobs.size > 0) void sweep()
    this.#sweep = setInterval(sweep, SWEEP_MS)
  }

  get draining(): AbortSignal {
    return this.options.pool.draining
  }

  /** Jobs of a viewer, newest first. */
  list(viewer: Viewer): Job[] {
    return [...this.#jobs.values()].filter(({ row }) => maySee(viewer, row))
      .sort(newestFirst)
  }

  /** @throws ApiError `not_found` */
  get(viewer: Viewer, id: string): Job {
    const job = this.#jobs.get(id)
    if (job !== undefined && maySee(viewer, job.row)) return job
    throw new ApiError('not_found', `Cannot find job ${id.slice(0, 100)}`)
  }

  infoOf(job: Job): JobInfo {
    return infoOf(job, this.#runner.jobs, this.#rates, this.wallMs())
  }

  reading(): JobsReading {
    return readingOf(this.#runner.jobs, this.#rates, this.wallMs())
  }

  /** @throws ApiError where there is no room for a job of this many documents of this owner */
  checkRoom(owner: Holder, documents: number): void {
    checkJobs(this.#jobs.values(), owner, documents)
  }

  /**
   * Counts an upload while it runs.
   *
   * @param holder key or address that it counts for
   * @throws ApiError `queue_full` or `rate_limited` where there are too many
   */
  receive<T>(holder: Holder, work: () => Promise<T>): Promise<T> {
    return this.#uploads.within(1, holder, work)
  }

  /**
   * Resolves when the job and all of its files are on disk.
   *
   * @param files files that are moved into the job
   * @throws ApiError
   */
  async create(made: NewJob, files: readonly UploadedFile[]): Promise<Job> {
    if (this.draining.aborted) {
      throw new ApiError('draining', 'Cannot take a job: shutting down')
    }
    this.checkRoom(made.owner, files.length)
    if (made.kind === 'batch') this.files.room.check(JOBS.filesOfBatch, made.owner)
    const job = newJob(made, files, this.wallMs())
    const { row } = job
    this.#jobs.set(row.id, job)
    this.#promise(job, 1)
    try {
      await this.folder.make(row.id, row.owner)
      for (const [n, { path }] of files.entries()) {
        await this.folder.adopt(path, row.id, 'in', String(n))
      }
      await this.#ledger.put(changesOf(job, job.documents.map(({ n }) => n)))
    } catch (error) {
      await this.#forget(job)
      this.#promise(job, -1)
      throw new ApiError('internal', `Cannot keep the job: ${(error as Error).message}`)
    }
    void this.#run(job)
    return job
  }

  async cancel(job: Job): Promise<void> {
    if (job.ended) return
    const { batch } = job.row
    // A batch with all of its answers is about to be done.
    if (batch !== null && job.isCounted && job.parts === 0) return
    this.#runner.cancel(job)
    if (batch === null || !job.isCounted) return
    batch.cancellingAtMs = this.wallMs()
    await this.#batch.finish(job, 0)
    await this.#put(job)
  }

  /** Removes a job with all of its files. */
  async remove(job: Job): Promise<void> {
    this.#runner.cancel(job)
    await this.#forget(job)
  }

  /** Resolves when all results are on disk; called after the pool has drained. */
  async close(): Promise<void> {
    clearInterval(this.#sweep)
    this.#webhooks.stop()
    const stopped = this.#runner.stop()
    this.#batch.stop()
    await Promise.all([stopped, this.#swept])
    this.#stopReader()
    await this.#ledger.close()
  }

  /** Holds room for the files that a batch will make. @param times 1 holds it, -1 gives it back */
  #promise({ row: { kind, owner }, promised }: Job, times: 1 | -1): void {
    if (kind !== 'batch') return
    this.files.room.take(times * JOBS.filesOfBatch, owner)
    this.folder.take(times * promised, owner)
  }

  /**
   * Jobs that were being opened when the last run ended run first, and alone: one may end this run.
   */
  async #goOn(jobs: readonly Job[]): Promise<void> {
    const isSuspect = ({ documents }: Job) => documents.some(({ openings }) => openings > 0)
    for (const job of jobs.filter(isSuspect)) await this.#run(job)
    for (const job of jobs.filter((job) => !isSuspect(job))) void this.#run(job)
  }

  /** Resolves when the job was opened. */
  async #run(job: Job): Promise<void> {
    if (job.ended || this.draining.aborted) return
    this.#webhooks.follow(job)
    await this.#runner.add(job)
  }

  async #put(job: Job, documents: readonly number[] = []): Promise<void> {
    if (!this.#jobs.has(job.id)) return
    // The ledger tries again, and logs.
    await this.#ledger.put(changesOf(job, documents)).catch(() => {})
  }

  async #forget(job: Job): Promise<void> {
    this.#jobs.delete(job.id)
    this.#webhooks.forget(job)
    const gone: RecordChange[] = job.documents.map(({ n }) => ['document', `${job.id}/${n}`, null])
    await this.#ledger.put([['job', job.id, null], ...gone]).catch(() => {})
    await this.folder.remove(job.id)
  }

  async #removeOld(): Promise<void> {
    const beforeMs = this.wallMs() - JOBS.keptMs
    try {
      for (const job of [...this.#jobs.values()]) {
        if (job.ended && (job.row.endedAtMs ?? 0) < beforeMs) await this.#forget(job)
      }
      await this.files.removeOld(beforeMs)
      await this.folder.removeStrange((id) => this.#jobs.has(id), beforeMs)
    } catch (error) {
      this.options.log(`old jobs are not removed: ${(error as Error).message}`, 'warn', {
        event: 'jobs_kept',
      })
    }
  }
}

const changesOf = ({ row, documents }: Job, which: readonly number[]): RecordChange[] => [
  ['job', row.id, JSON.stringify(row)],
  ...which.map((n): RecordChange => [
    ...['document', `${row.id}/${n}`, JSON.stringify(documents[n])] as const,
  ]),
]
