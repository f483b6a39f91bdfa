/**
 * Pages of a PDF that is open: as pixels, and where on them something is.
 *
 * @module
 */
import type { PdfFile } from '../../documents/pdf/pdf_file.ts'
import type { Pdfium } from '../../documents/pdf/pdfium.ts'
import type { Picture } from '../types.ts'
import { DocumentError } from './document_error.ts'

/** In PDFium's order of bytes a picture comes blue first; the flag turns that round. */
const [ANNOTATIONS, RED_FIRST] = [0x01, 0x10]
/** With four bytes a pixel, the last without meaning. */
const BGRX = 3
const WHITE = 0xffffffff | 0
/**
 * Side of the virtual device: PDFium rounds to its pixels, so a large one keeps the error small.
 */
const FINE = 1 << 20

/** Maps points of a page (y upwards) to shares of its visible sides (y downwards). */
export interface Placing {
  (x: number, y: number): [x: number, y: number]
}

export interface PdfPage {
  /** In points, as a viewer shows it. */
  width: number
  height: number
  handle: number
  placing: Placing
  /** The page drawn on white, `width` by `height` pixels. */
  draw(width: number, height: number): Picture
}

/** @throws DocumentError for a page that is damaged */
export function withPage<T>(
  pdfium: Pdfium,
  { handle, pages }: PdfFile,
  index: number,
  work: (page: PdfPage) => T,
): T {
  // A part of a document knows nothing of its other pages.
  const name = pages === 1 ? 'the page' : `page ${index + 1}`
  const page = pdfium.call('FPDF_LoadPage', handle, index)
  if (page === 0) {
    throw new DocumentError('invalid_input', `Cannot read ${name}: it is damaged`)
  }
  try {
    return work(pageOf(pdfium, page, name))
  } finally {
    pdfium.call('FPDF_ClosePage', page)
  }
}

function pageOf(pdfium: Pdfium, page: number, name: string): PdfPage {
  const width = pdfium.call('FPDF_GetPageWidthF', page)
  const height = pdfium.call('FPDF_GetPageHeightF', page)
  if (!(width > 0 && height > 0 && width < Infinity && height < Infinity)) {
    const size = `${width}x${height} points`
    throw new DocumentError('invalid_input', `Cannot read ${name}: it is of ${size}`)
  }
  return {
    width,
    height,
    handle: page,
    placing: placingOf(pdfium, page, Math.max(width, height)),
    draw(across, down) {
      const bytes = across * down * 4
      const at = pdfium.malloc(bytes)
      const bitmap = pdfium.call('FPDFBitmap_CreateEx', across, down, BGRX, at, across * 4)
      pdfium.call('FPDFBitmap_FillRect', bitmap, 0, 0, across, down, WHITE)
      const flags = ANNOTATIONS | RED_FIRST
      pdfium.call('FPDF_RenderPageBitmap', bitmap, page, 0, 0, across, down, 0, flags)
      const data = new Uint8Array(pdfium.memory.buffer, at, bytes).slice()
      pdfium.call('FPDFBitmap_Destroy', bitmap)
      pdfium.free(at)
      return { width: across, height: down, channels: 4, data }
    },
  }
}

/** Linear: three points tell it. @param apart points of the page between them */
function placingOf(pdfium: Pdfium, page: number, apart: number): Placing {
  const out = pdfium.malloc(8)
  const at = (x: number, y: number): [number, number] => {
    pdfium.call('FPDF_PageToDevice', page, 0, 0, FINE, FINE, 0, x, y, out, out + 4)
    const view = new DataView(pdfium.memory.buffer, out)
    return [view.getInt32(0, true) / FINE, view.getInt32(4, true) / FINE]
  }
  const [x0, y0] = at(0, 0)
  const [right, up] = [at(apart, 0), at(0, apart)]
  pdfium.free(out)
  const [xx, xy] = [(right[0] - x0) / apart, (right[1] - y0) / apart]
  const [yx, yy] = [(up[0] - x0) / apart, (up[1] - y0) / apart]
  return (x, y) => [x0 + x * xx + y * yx, y0 + x * xy + y * yy]
}
