/**
 * What the pool does for jobs: pages a minute of each pipeline, and when a job will be done.
 *
 * @module
 */
import { generatingTask } from '../../pipeline/generate.ts'
import type { Pipeline } from '../../pipeline/schema.ts'
import { publicName } from '../../pipeline/version.ts'
import type { Pool } from '../pool/pool.ts'
import { expectedPerMs, Rate } from './estimate.ts'
import type { Folder } from './folder.ts'
import { endOf, type Job, newestFirst } from './job.ts'
import { shareOf, wantedMs } from './pace.ts'
import { lastPace } from './part_files.ts'
import type { JobRow } from './types.ts'

/** Slots are looked up so often at most: the list of nodes is made for it. */
const LOOK_MS = 1000
/** How much of its pace is needed is worked out so often at most: all documents are counted for it. */
const SHARE_MS = 1000
const USUAL_SLO_MS = 5000

export class Rates {
  readonly #rates = new Map<string, Rate>()
  readonly #shares = new Map<string, { atMs: number; share: number }>()
  /** Pages of each pipeline that have a result since the start. */
  readonly counted = new Map<string, { done: number; failed: number }>()
  #slots = 0
  #lookedMs = -Infinity

  constructor(private readonly pool: Pool, private readonly now: () => number) {}

  /** Of all nodes that take work. */
  slots(): number {
    if (this.now() - this.#lookedMs >= LOOK_MS) {
      this.#lookedMs = this.now()
      const awake = this.pool.nodes().filter(({ pausedBy }) => pausedBy === null)
      this.#slots = awake.reduce((sum, { inUse }) => sum + inUse.slots, 0)
    }
    return this.#slots
  }

  /** Whether nodes that are here do all tasks of a pipeline that the job asks. */
  isServed({ kind, pipeline }: Pick<JobRow, 'kind' | 'pipeline'>): boolean {
    const current = this.pool.versions.current().map(({ pipeline }) => pipeline)
    // Lines of a batch name theirs, each its own.
    const asked = kind === 'batch'
      ? current.filter((one) => generatingTask(one) !== undefined)
      : current.filter(({ name }) => publicName(name) === pipeline)
    return asked.some((one) => this.pool.isReady(one))
  }

  sloMs(pipeline: string): number {
    return this.pool.versions.find(pipeline)?.pipeline.sloMs ?? USUAL_SLO_MS
  }

  began(pipeline: string): void {
    this.#of(pipeline).began()
  }

  done(pipeline: string, pages: number, failed: number): void {
    this.#of(pipeline).done(pages + failed)
    const { done = 0, failed: already = 0 } = this.counted.get(pipeline) ?? {}
    this.counted.set(pipeline, { done: done + pages, failed: already + failed })
  }

  /** The pace of earlier runs: of each pipeline that of its newest job that came far enough. */
  async recall(folder: Folder, jobs: Iterable<Job>): Promise<void> {
    const known = new Set<string>()
    for (const { id, row: { pipeline } } of [...jobs].sort(newestFirst)) {
      const pace = known.has(pipeline) ? null : await lastPace(folder, id).catch(() => null)
      if (pace === null) continue
      known.add(pipeline)
      this.#of(pipeline).remember(pace)
    }
  }

  /** Null where nothing tells. */
  pagesPerMs(name: string): number | null {
    const known = this.#of(name).perMs()
    if (known !== null) return known
    const served = this.#served(name)
    return served === undefined ? null : expectedPerMs(served, this.slots())
  }

  #served(name: string): Pipeline | undefined {
    return this.pool.versions.current().map(({ pipeline }) => pipeline)
      .find((pipeline) => publicName(pipeline.name) === name)
  }

  /**
   * Milliseconds until a job is done, after those of its pipeline that are wanted before; null where
   * that cannot be told.
   */
  leftMs(job: Job, jobs: Iterable<Job>): number | null {
    if (!job.isCounted) return null
    const perMs = this.pagesPerMs(job.row.pipeline)
    if (perMs === null || perMs === 0) return null
    let pages = job.left()
    for (const other of jobs) {
      if (other === job || other.row.pipeline !== job.row.pipeline) continue
      if (endOf(other.row) <= endOf(job.row)) pages += other.left()
    }
    return pages / perMs
  }

  /** As how much of a query each part of a pipeline's jobs counts. @param wallMs since the epoch */
  share(pipeline: string, jobs: Iterable<Job>, wallMs: number): number {
    const known = this.#shares.get(pipeline)
    if (known !== undefined && this.now() - known.atMs < SHARE_MS) return known.share
    const wanted = [...jobs].filter(({ row }) => row.pipeline === pipeline).map((job) => {
      const { byMs, createdAtMs: createdMs } = job.row
      return { endMs: wantedMs({ byMs, createdMs, nowMs: wallMs }), pages: job.left() }
    })
    const share = shareOf(wanted, this.pagesPerMs(pipeline), wallMs)
    this.#shares.set(pipeline, { atMs: this.now(), share })
    return share
  }

  /** There is a job more, or less. */
  jobsChanged(): void {
    this.#shares.clear()
  }

  #of(pipeline: string): Rate {
    let rate = this.#rates.get(pipeline)
    if (rate === undefined) this.#rates.set(pipeline, rate = new Rate(this.now))
    return rate
  }
}
