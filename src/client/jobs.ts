/**
 * Jobs as the page of documents and the command of documents see them: what the coordinator says of one,
 * and where its results are.
 *
 * @module
 */

/** What comes out, in the order in which it is offered. */
export const JOB_OUTPUTS = ['pdf', 'text', 'json', 'hocr', 'alto'] as const
export type JobOutput = (typeof JOB_OUTPUTS)[number]

/** How files of an output are called. */
export const ENDINGS: Readonly<Record<JobOutput, string>> = {
  ...{ pdf: '.pdf', text: '.txt', json: '.json', hocr: '.hocr.html', alto: '.alto.xml' },
}

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled'

/** `total` is null until all are counted. */
export interface JobPages {
  done: number
  total: number | null
  failed: number
}

export interface JobDocument {
  name: string
  type: string | null
  state: JobState
  pages: JobPages
  /** That can be had. */
  outputs: JobOutput[]
  /** Why the document, or some of its pages, could not be read. */
  error?: { reason: string; message: string } | string | null
}

export interface JobInfo {
  id: string
  state: JobState
  pages: JobPages
  /** ISO 8601, as `estimateAt`; null where nothing was said. */
  by: string | null
  estimateAt: string | null
  /** Whether it is expected to be, or was, in time; null where that cannot be told. */
  inTime: boolean | null
  documents: JobDocument[]
}

export const hasEnded = ({ state }: { state: JobState }): boolean =>
  state === 'done' || state === 'failed' || state === 'cancelled'

export const JOBS_PATH = '/v1/jobs'
export const jobPath = (id: string): string => `${JOBS_PATH}/${encodeURIComponent(id)}`
/** Of one document, which is told by its place in the job. */
export const resultPath = (id: string, index: number, output: JobOutput): string =>
  `${jobPath(id)}/results/${index}/${output}`
export const zipPath = (id: string): string => `${jobPath(id)}/results.zip`

/** Why a document failed, in words; nothing where it did not. */
export function faultOfDocument({ error }: JobDocument): string | undefined {
  if (error === undefined || error === null) return undefined
  return typeof error === 'string' ? error : error.message
}
