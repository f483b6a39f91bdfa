/**
 * What the page of documents and the command of documents know of jobs besides their types.
 *
 * @module
 */
import type { JobInfo, JobOutput, JobState } from './job_types.ts'

/** What comes out, in the order in which it is offered. */
export const JOB_OUTPUTS: readonly JobOutput[] = ['pdf', 'text', 'json', 'hocr', 'alto']

/** How files of an output are called. */
export const ENDINGS: Readonly<Record<JobOutput, string>> = {
  pdf: '.pdf',
  text: '.txt',
  json: '.json',
  hocr: '.hocr',
  alto: '.xml',
}

/** As the coordinator tells of one by itself. */
export type WholeJob = JobInfo & Required<Pick<JobInfo, 'documents'>>

export const hasEnded = ({ state }: { state: JobState }): boolean =>
  state === 'done' || state === 'failed' || state === 'cancelled'

export const JOBS_PATH = '/v1/jobs'
export const jobPath = (id: string): string => `${JOBS_PATH}/${encodeURIComponent(id)}`
export const zipPath = (id: string): string => `${jobPath(id)}/results.zip`
