/**
 * PDFs and TIFFs, page by page: drawn, or kept as the text that they carry.
 *
 * @module
 */
import { layoutOf } from '../../documents/layout/layout.ts'
import type { Page } from '../../documents/page.ts'
import { openPdf, PdfError, type PdfFile } from '../../documents/pdf/pdf_file.ts'
import { type Pdfium, startPdfium } from '../../documents/pdf/pdfium.ts'
import { openTiff, TiffError } from '../../documents/tiff/file.ts'
import { pdfOfTiff } from '../../documents/tiff/pdf.ts'
import { CodecUnavailableError } from '../picture_error.ts'
import type { ImageCodecs } from '../types.ts'
import { checkPages, DocumentError } from './document_error.ts'
import type { DrawFault, Drawing, DrawnPage, DrawnType, DrawSettings } from './drawing.ts'
import { isKept } from './kept_text.ts'
import { pageJpeg, type PageMeta, sizeIn, unread } from './page_picture.ts'
import { type PdfPage, withPage } from './pdf.ts'
import { textOf } from './pdf_text.ts'

const POINTS_AN_INCH = 72
/** Limit of PDFium's memory: eight times the need of a large scanned page. */
const MOST_HEAP_BYTES = 512 * 2 ** 20
/** Memory of WebAssembly never shrinks: of an instance that took more a new one is made. */
const KEPT_HEAP_BYTES = 96 * 2 ** 20

interface Open {
  pdfium: Pdfium
  pdf: PdfFile
  type: DrawnType
  settings: DrawSettings
}

/** Its calls throw CodecUnavailableError where there is no PDFium. */
export function createDrawing(codecs: Pick<ImageCodecs, 'library' | 'encodeJpeg'>): Drawing {
  /** Between two documents. */
  let idle: Pdfium | undefined
  let open: Open | undefined

  /** What PDFium has come to may be half way in something: only `close` keeps the instance. */
  async function asData<T>(
    type: DrawnType,
    pdfium: Pdfium,
    work: () => T | Promise<T>,
  ): Promise<T | DrawFault> {
    try {
      return await work()
    } catch (error) {
      open = undefined
      return faultOf(error, type, pdfium)
    }
  }

  return {
    async open(type, bytes, settings) {
      let file = bytes
      try {
        if (type === 'image/tiff') file = pagesOfTiff(bytes, settings.maxPages)
      } catch (error) {
        return faultOf(error, type)
      }
      const pdfium = idle ?? started(await codecs.library('pdfium'))
      idle = undefined
      return await asData(type, pdfium, () => {
        const pdf = openPdf(pdfium, file)
        checkPages(pdf.pages, settings.maxPages)
        open = { pdfium, pdf, type, settings }
        return { ok: true as const, pages: pdf.pages }
      })
    },
    async page(index) {
      if (open === undefined) return { ok: false, reason: 'invalid_input', message: 'None is open' }
      const { pdfium, pdf, type, settings } = open
      return await asData(type, pdfium, async (): Promise<DrawnPage> => {
        const drawn = withPage(
          pdfium,
          pdf,
          index,
          (page) => pageOf(pdfium, page, index, type, settings),
        )
        // A picture that found no memory would be missing without a word.
        if (pdfium.isOverfull) throw new RangeError('No memory left')
        const { page, meta, characters, picture } = drawn
        return {
          ok: true,
          page,
          characters,
          ...picture && { picture: await pageJpeg(picture, codecs) },
          ...meta.scale !== undefined && { scale: meta.scale },
        }
      })
    },
    async close() {
      if (open === undefined) return
      const { pdfium, pdf, type } = open
      await asData(type, pdfium, () => {
        pdf.close()
        if (pdfium.memory.buffer.byteLength <= KEPT_HEAP_BYTES) idle = pdfium
      })
      open = undefined
    },
  }
}

/** @throws errors that are no fault of the document */
function faultOf(error: unknown, type: DrawnType, pdfium?: Pdfium): DrawFault {
  if (error instanceof DocumentError) {
    return { ok: false, reason: error.reason, message: error.message }
  }
  if (error instanceof PdfError || error instanceof TiffError) {
    return { ok: false, reason: 'invalid_input', message: error.message }
  }
  const isTrap = error instanceof WebAssembly.RuntimeError || error instanceof RangeError
  if (!isTrap) throw error
  const what = `Cannot open the ${type === 'image/tiff' ? 'TIFF' : 'PDF'}: it`
  if (!pdfium?.isOverfull) {
    return { ok: false, reason: 'invalid_input', message: `${what} is damaged` }
  }
  const mebibytes = MOST_HEAP_BYTES / 2 ** 20
  const message = `${what} takes over ${mebibytes} MiB of memory: save it smaller`
  return { ok: false, reason: 'too_large', message }
}

/** As a PDF, a pixel to a point. */
function pagesOfTiff(bytes: Uint8Array, maxPages: number): Uint8Array {
  const file = openTiff(bytes, maxPages)
  checkPages(file.pages.length, maxPages)
  return pdfOfTiff(file)
}

function started(module: WebAssembly.Module): Pdfium {
  try {
    return startPdfium(module, MOST_HEAP_BYTES)
  } catch (cause) {
    throw new CodecUnavailableError(`Cannot start PDFium: ${cause}`, { cause })
  }
}

function pageOf(
  pdfium: Pdfium,
  page: PdfPage,
  index: number,
  type: DrawnType,
  { dpi, text: wish }: DrawSettings,
) {
  const isPdf = type === 'application/pdf'
  const perPoint = isPdf ? dpi / POINTS_AN_INCH : 1
  const whole = { width: page.width * perPoint, height: page.height * perPoint }
  const { scale, ...size } = sizeIn(whole)
  // A PDF has the pixels that it is drawn with, a TIFF its own.
  const meta: PageMeta = isPdf || scale === 1
    ? { index, ...size }
    : { index, width: Math.round(whole.width), height: Math.round(whole.height), scale: 1 / scale }
  if (isPdf && wish === 'keep') {
    const text = textOf(pdfium, page, size)
    if (isKept(pdfium, page, text)) {
      const kept: Page = { index, ...size, source: 'kept', ...layoutOf(text.lines, size) }
      return { page: kept, meta, characters: text.characters }
    }
  }
  return { page: unread(meta), meta, characters: 0, picture: page.draw(size.width, size.height) }
}
