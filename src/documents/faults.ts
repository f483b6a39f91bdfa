/**
 * What is wrong with documents, as data: each says what to do.
 *
 * @module
 */
import type { Fault } from './documents.ts'

export const MOST_BYTES: number = 512 * 2 ** 20 // of a file; beyond, copies of it fill a machine
export const MOST_PAGES = 10_000 // of a document; beyond, lists of pages alone take minutes

const WANTED = 'a PDF, TIFF, JPEG, PNG or WebP'

export const fault = (reason: Fault['reason'], message: string): Fault => ({
  ok: false,
  reason,
  message,
})

export const FAULTS = {
  empty: fault('invalid_input', `The file is empty: send ${WANTED}`),
  unsupported: fault('unsupported_type', `The file is none that can be read: send ${WANTED}`),
  bytes: fault(
    'too_large',
    `The file is larger than ${MOST_BYTES / 2 ** 20} MiB: split it and send the parts`,
  ),
  pages: fault('too_large', `The document has over ${MOST_PAGES} pages: split it into several`),
  noPage: fault('invalid_input', 'The document has no page that can be read: save it anew'),
  encrypted: fault(
    'encrypted',
    'The PDF is encrypted: save a copy without a password and send that',
  ),
  damaged: fault(
    'invalid_input',
    'The PDF is damaged or cut short: send the whole file, or print it to a new PDF',
  ),
  damagedPage: fault('invalid_input', 'Cannot read the page: it is damaged'),
  memory: fault(
    'too_large',
    'The PDF takes more memory to read than a document may: print it to a new PDF, or split it',
  ),
  closed: fault('invalid_input', 'No document is open: open one first'),
  range: fault('invalid_input', 'The document does not have these pages: ask for pages it has'),
} as const satisfies Record<string, Fault>
