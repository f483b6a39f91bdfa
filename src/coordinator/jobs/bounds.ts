/**
 * Bounds of jobs and uploads, of all together and of one key.
 *
 * @module
 */
import { type Bound, checkShare, createRoom, type Holder, type Room } from '../core/shares.ts'
import type { Job } from './job.ts'
import { JOBS } from './params.ts'

const RETRY_MS = 60_000
const UPLOAD_MS = 1000

/** @throws ApiError where there is no room for one more job of this many documents of this owner */
export function checkJobs(jobs: Iterable<Job>, owner: Holder, documents: number): void {
  const all = [...jobs]
  const own = all.filter(({ row }) => (row.owner || undefined) === (owner || undefined))
  const check = (bound: Bound, more: number, count: (job: Job) => number) => {
    const sum = (jobs: Job[]) => jobs.reduce((sum, job) => sum + count(job), 0)
    checkShare(bound, { all: sum(all), own: sum(own) }, more, owner)
  }
  const kept = { deed: 'keep a job', remedy: 'delete some that have ended' }
  check({ ...kept, most: JOBS.kept, what: 'jobs' }, 1, () => 1)
  const rows = { ...kept, most: JOBS.documentsKept, what: 'documents of jobs' }
  check(rows, documents, (job) => job.documents.length)
  const active = { most: JOBS.active, what: 'jobs under way', retryAfterMs: RETRY_MS }
  check({ ...active, deed: 'take a job' }, 1, (job) => job.ended ? 0 : 1)
}

export const roomOfUploads = (): Room =>
  createRoom(() => ({
    ...{ most: JOBS.uploads, deed: 'take an upload', what: 'uploads', retryAfterMs: UPLOAD_MS },
  }))
