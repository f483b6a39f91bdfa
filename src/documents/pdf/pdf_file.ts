/**
 * A PDF that is open in PDFium: its pages are counted, cut out, and get a layer.
 *
 * @module
 */
import { FAULTS } from '../faults.ts'
import type { Address, Pdfium } from './pdfium.ts'
import { joined } from './writer.ts'

export interface PdfFile {
  /** For functions of PDFium. */
  handle: Address
  pages: number
  /** These pages, with what they use, as a PDF. */
  part(from: number, count: number): Uint8Array<ArrayBuffer>
  /** As it is, but for damage and encryption. */
  plain(): Uint8Array<ArrayBuffer>
  /** Where a page lies; nothing where it is no object of its own. */
  place(index: number): Place | undefined
  close(): void
}

export interface Place {
  /** The page's object, in what `plain` gives. */
  ref: number
  left: number
  top: number
  right: number
  bottom: number
  /** Quarters clockwise by which a viewer turns the page. */
  turns: number
}

/** PDFium's last error where a file asks for a password, or is encrypted in a way that is not known. */
const ENCRYPTED = [4, 5]
/** The whole file is written anew, without encryption: what was damaged is not kept. */
const PLAIN = 3
/** Numbers of PDFium for a page's boxes. */
const [MEDIA, CROP] = [0, 1]

export class PdfError extends Error {
  override name = 'PdfError'
  constructor(readonly code: 'encrypted' | 'damaged' | 'damagedPage') {
    super(FAULTS[code].message)
  }
}

/**
 * @throws PdfError for what is no PDF that can be opened; whatever PDFium throws when it has no
 * memory left or gets lost: the instance is of no use then
 */
export function openPdf(pdfium: Pdfium, bytes: Uint8Array): PdfFile {
  const { call } = pdfium
  const file = pdfium.reading(bytes)
  const document = call('FPDF_LoadCustomDocument', file.at, 0)
  if (document === 0) {
    const error = call('FPDF_GetLastError')
    file.free()
    throw new PdfError(ENCRYPTED.includes(error) ? 'encrypted' : 'damaged')
  }

  function part(from: number, count: number): Uint8Array<ArrayBuffer> {
    const indices = Int32Array.from({ length: count }, (_, i) => from + i)
    const out = call('FPDF_CreateNewDocument')
    try {
      const took = pdfium.lend(
        indices,
        (at) => call('FPDF_ImportPagesByIndex', out, document, at, count, 0),
      )
      if (!took) throw new PdfError('damagedPage')
      return written(pdfium, out)
    } finally {
      call('FPDF_CloseDocument', out)
    }
  }

  function boxOf(index: number, box: number) {
    const [left, top, right, bottom] = pdfium.lend(new Float32Array(4), (at) => {
      call('EPDF_GetPageBoxByIndex', document, index, box, at)
      return new Float32Array(pdfium.memory.buffer.slice(at, at + 16))
    }) as unknown as [number, number, number, number]
    return { left, top, right, bottom }
  }

  return {
    handle: document,
    pages: call('FPDF_GetPageCount', document),
    part,
    plain: () => written(pdfium, document),
    place(index) {
      const ref = call('EPDFDoc_GetPageObjectNumberByIndex', document, index)
      if (ref <= 0) return undefined
      const [media, crop] = [boxOf(index, MEDIA), boxOf(index, CROP)]
      const [left, right] = [Math.max(media.left, crop.left), Math.min(media.right, crop.right)]
      const [bottom, top] = [Math.max(media.bottom, crop.bottom), Math.min(media.top, crop.top)]
      const turns = call('EPDF_GetPageRotationByIndex', document, index)
      return left < right && bottom < top
        ? { ref, turns, left, top, right, bottom }
        : { ref, turns, ...media }
    },
    close() {
      call('FPDF_CloseDocument', document)
      file.free()
    },
  }
}

function written({ call, writing }: Pdfium, document: Address): Uint8Array<ArrayBuffer> {
  const blocks: Uint8Array[] = []
  let length = 0
  const file = writing((block) => {
    blocks.push(block)
    length += block.length
  })
  const done = call('FPDF_SaveAsCopy', document, file.at, PLAIN)
  file.free()
  if (!done) throw new PdfError('damaged')
  return joined(blocks, length)
}
