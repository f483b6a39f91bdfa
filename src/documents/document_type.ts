/**
 * What a document is by its first bytes, whatever its name or whoever sent it says.
 *
 * @module
 */
import type { DocumentType } from './documents.ts'

export type { DocumentType }

export const DOCUMENT_TYPES: readonly DocumentType[] = [
  ...['application/pdf', 'image/tiff', 'image/jpeg', 'image/png', 'image/webp'] as const,
]

export const isDocumentType = (type: string): type is DocumentType =>
  (DOCUMENT_TYPES as readonly string[]).includes(type)

/** `%PDF-` may stand behind a head of mail or of a printer. */
const PDF = '%PDF-'
const PDF_WITHIN_BYTES = 1024
/** `II` or `MM` for the order of bytes, and 42 in that order. */
const TIFFS = ['II*\0', 'MM\0*']

/** `undefined` for what is none of them. */
export function documentTypeOf(bytes: Uint8Array): DocumentType | undefined {
  const starts = (mark: string, at = 0) =>
    [...mark].every((char, i) => bytes[at + i] === char.charCodeAt(0))
  if (TIFFS.some((mark) => starts(mark))) return 'image/tiff'
  if (starts('\xff\xd8\xff')) return 'image/jpeg'
  if (starts('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (starts('RIFF') && starts('WEBP', 8)) return 'image/webp'
  const last = Math.min(PDF_WITHIN_BYTES, bytes.length - PDF.length)
  for (let at = 0; at <= last; at++) if (starts(PDF, at)) return 'application/pdf'
  return undefined
}
