/**
 * What is done for each kind of job; `runner.ts` says when.
 *
 * @module
 */
import type { Output } from '../../documents/documents.ts'
import type { Gone } from '../core/gone.ts'
import type { Holder } from '../core/shares.ts'
import type { Job } from './job.ts'
import type { Failure, PartResult, Unit } from './types.ts'

export interface Asking {
  id: string
  /** On the monotonic clock. */
  dueMs: number
  /** As how much of a query it counts, 0..1; see `shareOf` in `pace.ts`. */
  share: number
  /** Whose job it is. */
  holder: Holder
  gone: Gone
}

export interface Work {
  /** Counts the pages of a document. @throws DocumentFault for what is none */
  open(job: Job, n: number): Promise<{ type: string; pages: number; unitPages: number }>
  /** @throws ApiError where there is no result; `SplitError` where fewer pages may have one */
  ask(job: Job, unit: Unit, asking: Asking): Promise<PartResult>
  /** Writes what came of a document. @throws DocumentFault */
  finish(job: Job, n: number): Promise<Output[]>
}

/** A document that cannot be read or written; the others of its job are as good as before. */
export class DocumentFault extends Error {
  override name = 'DocumentFault'
  /** @param isFinal it is to be tried no more */
  constructor(readonly failure: Failure, readonly isFinal: boolean = false) {
    super(failure.message)
  }
}

/** The part is too much for one query. */
export class SplitError extends Error {
  override name = 'SplitError'
}
