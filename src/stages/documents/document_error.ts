/**
 * The fault of a document as one query.
 *
 * @module
 */
import type { DrawFault } from './drawing.ts'

/** A document that cannot be opened or read, or is more than one query takes. */
export class DocumentError extends Error {
  override name = 'DocumentError'
  /** @param gaveUp as `DrawFault` has it */
  constructor(
    readonly reason: DrawFault['reason'],
    message: string,
    readonly gaveUp?: true | undefined,
  ) {
    super(message)
  }
}

/** @throws DocumentError */
export function checkPages(pages: number, maxPages: number): void {
  if (pages <= maxPages) return
  throw new DocumentError(
    'too_large',
    `Cannot take a document of over ${maxPages} pages: send it as a job, to /v1/jobs`,
  )
}
