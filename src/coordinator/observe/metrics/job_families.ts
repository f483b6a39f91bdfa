/**
 * Metrics of work in the background: jobs, and their pages (or requests of a batch).
 *
 * @module
 */
import type { Family, JobsReading, Row } from './family.ts'

const perPipeline =
  (rows: (one: JobsReading[string], pipeline: string) => Row[]): Family[4] => ({ jobs }) =>
    Object.entries(jobs).flatMap(([pipeline, one]) => rows(one, pipeline))

export const JOBS: Family[] = [
  [
    'Gauge',
    'shoal_jobs',
    'Jobs that have not ended, by whether they are estimated to be in time',
    ['pipeline', 'in_time'],
    perPipeline(({ inTime, late, unknown }, pipeline) => [
      [inTime, { pipeline, in_time: 'yes' }],
      [late, { pipeline, in_time: 'no' }],
      [unknown, { pipeline, in_time: 'unknown' }],
    ]),
  ],
  [
    'Gauge',
    'shoal_job_pages_left',
    'Pages of these jobs that have no result',
    ['pipeline'],
    perPipeline(({ left }, pipeline) => [[left, { pipeline }]]),
  ],
  [
    'Counter',
    'shoal_job_pages_total',
    'Pages of jobs that have a result since the start, by whether they could be read',
    ['pipeline', 'result'],
    perPipeline(({ done, failed }, pipeline) => [
      [done, { pipeline, result: 'done' }],
      [failed, { pipeline, result: 'failed' }],
    ]),
  ],
]
