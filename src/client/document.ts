/** @module Files that can be read as documents, told by their first bytes. */

/** Enough of a file to know what it is: what comes before the `%PDF-` of a PDF counts, too. */
export const START_BYTES = 1024

export type DocumentFault = 'empty' | 'unknown'

/** As a line of those that were left out says it. */
export const FAULTS: Readonly<Record<DocumentFault, string>> = {
  empty: 'empty',
  unknown: 'no PDF, TIFF, JPEG, PNG or WebP',
}

/** What a file with this beginning cannot be read for; nothing where it can. */
export function faultOfStart(start: Uint8Array): DocumentFault | undefined {
  if (start.byteLength === 0) return 'empty'
  const text = String.fromCharCode(...start)
  const known = text.includes('%PDF-') || text.startsWith('\x89PNG') ||
    text.startsWith('\xff\xd8\xff') || text.startsWith('WEBP', 8) ||
    ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].some((mark) => text.startsWith(mark))
  return known ? undefined : 'unknown'
}

export interface Sized {
  bytes: number
}

/**
 * What is handed in together, each a job: what breaks off is not much, and what is kept in memory on its
 * way is bounded.
 */
export function inBatches<File extends Sized>(
  files: readonly File[],
  most: { files: number; bytes: number },
): File[][] {
  const batches: File[][] = []
  let batch: File[] = []
  let bytes = 0
  for (const file of files) {
    if (batch.length > 0 && (batch.length >= most.files || bytes + file.bytes > most.bytes)) {
      batches.push(batch)
      batch = []
      bytes = 0
    }
    batch.push(file)
    bytes += file.bytes
  }
  return batch.length === 0 ? batches : [...batches, batch]
}
