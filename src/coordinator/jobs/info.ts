/**
 * A job as the API shows it.
 *
 * @module
 */
import { ENDINGS } from '../../client/job_facts.ts'
import type { JobDocument, JobInfo } from '../../client/job_types.ts'
import type { JobsReading } from '../observe/metrics/family.ts'
import { hasEnded, type Job } from './job.ts'
import type { Rates } from './rates.ts'
import type { DocumentRow } from './types.ts'

const MINUTE_MS = 60_000
const iso = (atMs: number | null) => atMs === null ? null : new Date(atMs).toISOString()

export function infoOf(
  job: Job,
  jobs: Iterable<Job>,
  rates: Rates,
  wallMs: number,
): JobInfo {
  const { row } = job
  const leftMs = job.ended ? null : rates.leftMs(job, jobs)
  const estimateMs = leftMs === null ? null : wallMs + leftMs
  const endMs = row.endedAtMs ?? estimateMs
  // A job that runs past its due time is late.
  const isLate = row.byMs !== null && !job.ended && wallMs > row.byMs
  const inTime = row.byMs === null
    ? null
    : isLate
    ? false
    : endMs === null
    ? null
    : endMs <= row.byMs
  const perMs = job.ended ? null : rates.pagesPerMs(row.pipeline)
  return {
    ...{ id: row.id, pipeline: row.pipeline, state: row.state, pages: job.counts() },
    createdAt: iso(row.createdAtMs)!,
    startedAt: iso(row.startedAtMs),
    endedAt: iso(row.endedAtMs),
    by: iso(row.byMs),
    estimateAt: iso(estimateMs),
    inTime: row.state === 'cancelled' || row.state === 'failed' ? null : inTime,
    pagesPerMinute: perMs === null ? null : Math.round(perMs * MINUTE_MS * 10) / 10,
    waiting: job.waiting,
    output: row.output,
    ...row.webhook === null ? {} : { webhook: { url: row.webhook.url, state: row.webhook.state } },
    documents: job.documents.map(documentOf),
  }
}

/** The metrics of all jobs. @param jobs jobs that have not ended */
export function readingOf(jobs: ReadonlySet<Job>, rates: Rates, wallMs: number): JobsReading {
  const reading: JobsReading = {}
  const of = (pipeline: string) =>
    reading[pipeline] ??= { inTime: 0, late: 0, unknown: 0, left: 0, done: 0, failed: 0 }
  for (const job of jobs) {
    const one = of(job.row.pipeline)
    const { inTime } = infoOf(job, jobs, rates, wallMs)
    one[inTime === null ? 'unknown' : inTime ? 'inTime' : 'late']++
    one.left += job.left()
  }
  for (const [pipeline, counted] of rates.counted) Object.assign(of(pipeline), counted)
  return reading
}

export function documentOf(row: DocumentRow): JobDocument {
  const { job, n, name, bytes, type, state, pages, done, failed, error, outputs } = row
  return {
    ...{ n, name, bytes, type, state },
    pages: { done, total: pages ?? (hasEnded(row) ? 0 : null), failed },
    ...error === null ? {} : { error },
    outputs: Object.fromEntries(
      outputs.map((output) => [output, `/v1/jobs/${job}/results/${n}${ENDINGS[output]}`]),
    ),
  }
}
