/**
 * Jobs as rows of the store. The progress of a job is in the files of its parts.
 *
 * @module
 */
import type { Output } from '../../documents/documents.ts'

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled'

/**
 * `documents`: parts of documents are queries; `queries`: a file is one; `batch`: a line of it is.
 */
export type Kind = 'documents' | 'queries' | 'batch'

export interface WebhookRow {
  url: string
  secret: string
  /** Whether it is also called every minute with the progress. */
  progress: boolean
  /** Whether it may be at an address of this machine or its network. */
  near: boolean
  state: 'waiting' | 'delivered' | 'failed'
  /** Calls made at the end of the job. */
  tries: number
}

export interface BatchRow {
  endpoint: string
  inputFileId: string
  outputFileId: string | null
  errorFileId: string | null
  metadata: Record<string, string> | null
  cancellingAtMs: number | null
}

/** Times are milliseconds since the epoch. */
export interface JobRow {
  id: string
  /** Hash of the key of its creator; empty without one. */
  owner: string
  kind: Kind
  pipeline: string
  state: JobState
  createdAtMs: number
  startedAtMs: number | null
  endedAtMs: number | null
  byMs: number | null
  output: Output[]
  webhook: WebhookRow | null
  batch: BatchRow | null
}

export interface Failure {
  reason: string
  message: string
}

export interface DocumentRow {
  job: string
  /** Its place in the job, from 0. */
  n: number
  name: string
  bytes: number
  /** `null` until it was opened. */
  type: string | null
  state: JobState
  /** `null` until they are counted. */
  pages: number | null
  /** Number of runs of the coordinator in which it was being opened, this one included. */
  openings: number
  done: number
  failed: number
  error: Failure | null
  /** Outputs that are on disk. */
  outputs: Output[]
}

/** A file of OpenAI's API. */
export interface FileRow {
  id: string
  owner: string
  name: string
  purpose: string
  bytes: number
  createdAtMs: number
}

/** Pages of a document, as one query. */
export interface Unit {
  document: number
  from: number
  count: number
  /** Tries that failed by no fault of the part. */
  tries: number
  /** Refusals in a row. */
  refused: number
  /** Earliest time of the next try, on the monotonic clock. */
  notBeforeMs: number
  /** Factor by which its time exceeds the least time. */
  stretch: number
}

/** The result of a part, as in its file. */
export interface PartResult {
  /** Each with its `index` in the document. */
  pages: { index: number }[]
  failed: ({ index: number } & Failure)[]
}
