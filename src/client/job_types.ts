/**
 * Jobs: many documents, read in the background, by when they are wanted.
 *
 * @module
 */
export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled'

/** `hocr` and `alto` are with boxes, `pdf` has the text as an invisible layer. */
export type JobOutput = 'text' | 'json' | 'hocr' | 'alto' | 'pdf'

export interface JobPages {
  done: number
  /** null until all documents were opened. */
  total: number | null
  /** Those that could not be read; the documents are done without them. */
  failed: number
}

export interface JobDocument {
  /** Its place in the job, from 0. */
  n: number
  name: string
  bytes: number
  /** null until it was opened. */
  type: string | null
  state: JobState
  pages: JobPages
  error?: { reason: string; message: string }
  /** Those that can be fetched, as paths. */
  outputs: { [output in JobOutput]?: string }
}

/** Times are ISO 8601. */
export interface JobInfo {
  id: string
  pipeline: string
  state: JobState
  pages: JobPages
  createdAt: string
  startedAt: string | null
  endedAt: string | null
  /** By when it is wanted; null where nothing was said. */
  by: string | null
  /** When it will be done, as far as is known. */
  estimateAt: string | null
  /** Whether that is by when it is wanted; null where it cannot be told, or nothing was said. */
  inTime: boolean | null
  /** Of all jobs of its pipeline, lately. */
  pagesPerMinute: number | null
  /** Why it stands still, in words; null while it goes on. */
  waiting: string | null
  output: JobOutput[]
  /** `secret` only in the answer to the call that made it. */
  webhook?: { url: string; state: 'waiting' | 'delivered' | 'failed'; secret?: string }
  /** Absent in lists and events. */
  documents?: JobDocument[]
}

/** A page that failed, in `/v1/jobs/{id}/results`. */
export interface FailedPage {
  /** From 0. */
  index: number
  reason: string
  message: string
}

export interface JobResult extends JobDocument {
  failedPages: FailedPage[]
}

/** What `/v1/jobs/{id}/events` tells; the first is `job`, the last `end`. */
export type JobEvent =
  | { event: 'job'; data: JobInfo }
  | { event: 'page'; data: { document: number; index: number; page: Record<string, unknown> } }
  | { event: 'failed'; data: { document: number } & FailedPage }
  | { event: 'document'; data: JobDocument }
  | { event: 'end'; data: JobInfo }
