/**
 * What is done to whole documents outside of a query: they are cut into parts that are queries, and what
 * was read is written. It is the work of `workers/documents.ts`: no error crosses, faults are data.
 *
 * @module
 */
import type { Page } from './page.ts'

/** What a document is, by its first bytes; whatever its name says. */
export type DocumentType =
  | 'application/pdf'
  | 'image/tiff'
  | 'image/jpeg'
  | 'image/png'
  | 'image/webp'

export const OUTPUTS = ['text', 'json', 'hocr', 'alto', 'pdf'] as const
export type Output = (typeof OUTPUTS)[number]

export interface Fault {
  ok: false
  reason: 'invalid_input' | 'unsupported_type' | 'too_large' | 'encrypted' | 'internal'
  /** What was wrong and what to do. */
  message: string
  /** It ended the worker that was at it: it is to be given to no other. */
  gaveUp?: true
}

/** A range of pages as a document of its own, of the same type. */
export interface Part {
  ok: true
  type: DocumentType
  bytes: Uint8Array<ArrayBuffer>
}

export interface Documents {
  /** Counts the pages. The document is open until `close`; a second `open` closes the first. */
  open(bytes: Uint8Array): Promise<{ ok: true; type: DocumentType; pages: number } | Fault>
  /** Pages from `from` on, `count` of them. A picture is its own part. */
  part(from: number, count: number): Promise<Part | Fault>
  /** @param pages of the document that is open, in order, without those that failed */
  write(
    output: Output,
    pages: Page[],
    name: string,
  ): Promise<{ ok: true; bytes: Uint8Array<ArrayBuffer> } | Fault>
  close(): Promise<void>
}
