/**
 * The pool's pace for jobs: pages a minute of each pipeline, and estimates of when a job will be
 * done.
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

/** Slots are counted this often at most: the list of nodes is made for it. */
const COUNT_MS = 1000
/** Shares are computed this often at most: all documents are counted for them. */
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

  /** Slots of all nodes that take work. */
  slots(): number {
    if (this.now() - this.#lookedMs >= COUNT_MS) {
      this.#lookedMs = this.now()
      const awake = this.pool.nodes().filter(({ pausedBy }) => pausedBy === null)
      this.#slots = awake.reduce((sum, { inUse }) => sum + inUse.slots, 0)
    }
    return this.#slots
  }

  /** Whether present nodes do all tasks of a pipeline that the job uses. */
  isServed({ kind, pipeline }: Pick<JobRow, 'kind' | 'pipeline'>): boolean {
    const current = this.pool.versions.current().map(({ pipeline }) => pipeline)
    // Each line of a batch names its own pipeline.
    const wanted = kind === 'batch'
      ? current.filter((one) => generatingTask(one) !== undefined)
      : current.filter(({ name }) => publicName(name) === pipeline)
    return wanted.some((one) => this.pool.isReady(one))
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

  /**
   * Recalls the pace of earlier runs: for each pipeline that of its newest job with enough results.
   */
  async recall(folder: Folder, jobs: Iterable<Job>): Promise<void> {
    const found = new Set<string>()
    for (const { id, row: { pipeline } } of [...jobs].sort(newestFirst)) {
      const pace = found.has(pipeline) ? null : await lastPace(folder, id).catch(() => null)
      if (pace === null) continue
      found.add(pipeline)
      this.#of(pipeline).remember(pace)
    }
  }

  /** Pages a millisecond; null where there are no figures. */
  pagesPerMs(name: string): number | null {
    const measured = this.#of(name).perMs()
    if (measured !== null) return measured
    const served = this.#served(name)
    return served === undefined ? null : expectedPerMs(served, this.slots())
  }

  #served(name: string): Pipeline | undefined {
    return this.pool.versions.current().map(({ pipeline }) => pipeline)
      .find((pipeline) => publicName(pipeline.name) === name)
  }

  /**
   * Milliseconds until a job is done, after jobs of its pipeline that are due before; null without
   * an estimate.
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

  /** The weight of each part of a pipeline's jobs as a query. @param wallMs since the epoch */
  share(pipeline: string, jobs: Iterable<Job>, wallMs: number): number {
    const last = this.#shares.get(pipeline)
    if (last !== undefined && this.now() - last.atMs < SHARE_MS) return last.share
    const wanted = [...jobs].filter(({ row }) => row.pipeline === pipeline).map((job) => {
      const { byMs, createdAtMs: createdMs } = job.row
      return { endMs: wantedMs({ byMs, createdMs, nowMs: wallMs }), pages: job.left() }
    })
    const share = shareOf(wanted, this.pagesPerMs(pipeline), wallMs)
    this.#shares.set(pipeline, { atMs: this.now(), share })
    return share
  }

  /** Called when a job was added or removed. */
  jobsChanged(): void {
    this.#shares.clear()
  }

  #of(pipeline: string): Rate {
    let rate = this.#rates.get(pipeline)
    if (rate === undefined) this.#rates.set(pipeline, rate = new Rate(this.now))
    return rate
  }
}
