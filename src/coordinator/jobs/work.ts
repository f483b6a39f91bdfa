/**
 * The work of each kind of job, which `runner.ts` calls.
 *
 * @module
 */
import type { Output } from '../../documents/documents.ts'
import type { Gone } from '../core/gone.ts'
import type { Holder } from '../core/shares.ts'
import type { Job } from './job.ts'
import type { Failure, PartResult, Unit } from './types.ts'

export interface QueryTerms {
  id: string
  /** The deadline, on the monotonic clock. */
  dueMs: number
  /** Weight as a query, 0..1; see `shareOf` in `pace.ts`. */
  share: number
  /** Owner of the job. */
  holder: Holder
  gone: Gone
}

export interface Work {
  /** Counts the pages of a document. @throws DocumentFault for a file that is no document */
  open(job: Job, n: number): Promise<{ type: string; pages: number; unitPages: number }>
  /** @throws ApiError where there is no result; `SplitError` where fewer pages may have one */
  ask(job: Job, unit: Unit, terms: QueryTerms): Promise<PartResult>
  /** Writes the outputs of a document. @throws DocumentFault */
  finish(job: Job, n: number): Promise<Output[]>
}

/** A document that cannot be read or written; others of its job go on. */
export class DocumentFault extends Error {
  override name = 'DocumentFault'
  /** @param isFinal whether the document is not tried again */
  constructor(readonly failure: Failure, readonly isFinal: boolean = false) {
    super(failure.message)
  }
}

/** The part is too much for one query. */
export class SplitError extends Error {
  override name = 'SplitError'
}
