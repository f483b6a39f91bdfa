/**
 * PDFs and TIFFs, page by page: drawn, or kept as the text that they carry.
 *
 * @module
 */
import type { DocumentType } from '../../documents/documents.ts'
import { layoutOf } from '../../documents/layout/layout.ts'
import type { Page } from '../../documents/page.ts'
import { openPdf, PdfError } from '../../documents/pdf/pdf_file.ts'
import { type Pdfium, startPdfium } from '../../documents/pdf/pdfium.ts'
import { openTiff, TiffError } from '../../documents/tiff/file.ts'
import { pdfOfTiff } from '../../documents/tiff/pdf.ts'
import { CodecUnavailableError } from '../picture_error.ts'
import type { ImageCodecs, StageItem } from '../types.ts'
import { DocumentError } from './document_error.ts'
import { isKept } from './kept_text.ts'
import { type PageMeta, pictureItem, sizeIn } from './page_picture.ts'
import { type PdfPage, withPage } from './pdf.ts'
import { textOf } from './pdf_text.ts'

const POINTS_AN_INCH = 72
/** PDFium's memory: what a large scanned page takes, eight times over. */
const MOST_HEAP_BYTES = 512 * 2 ** 20
/** Memory of WebAssembly never shrinks: of an instance that took more a new one is made. */
const KEPT_HEAP_BYTES = 96 * 2 ** 20
/** Of all pages of a document: what they come to has to fit one message. */
const MOST_PICTURE_BYTES = 64 * 2 ** 20
/** Characters of a document that carries its text. */
const MOST_CHARACTERS = 1_000_000

export interface DrawSettings {
  /** Dots an inch, of a PDF. */
  dpi: number
  /** Pages at most. */
  maxPages: number
  /** Whether pages that carry their text keep it. */
  text: 'keep' | 'read'
}

export interface Opened {
  pages: Page[]
  pictures: StageItem[]
}

/** What is to be read yet. */
export const unread = ({ index, width, height }: PageMeta): Page => ({
  ...{ index, width, height, turn: 0, source: 'read', blocks: [] },
})

/** One document at a time: there is one instance for each module, until it took much. */
const instances = new WeakMap<WebAssembly.Module, Pdfium>()

/** @throws DocumentError */
export async function drawDocument(
  type: 'application/pdf' | 'image/tiff',
  bytes: Uint8Array,
  settings: DrawSettings,
  codecs: ImageCodecs,
): Promise<Opened> {
  const file = type === 'image/tiff' ? pagesOfTiff(bytes, settings.maxPages) : bytes
  const module = await codecs.library('pdfium')
  const pdfium = instances.get(module) ?? started(module)
  // Kept again once it has come through, and not where something was left in it.
  instances.delete(module)
  try {
    const opened = await pagesDrawn(pdfium, file, type, settings, codecs)
    if (pdfium.memory.buffer.byteLength <= KEPT_HEAP_BYTES) instances.set(module, pdfium)
    return opened
  } catch (error) {
    if (error instanceof PdfError) {
      throw new DocumentError('invalid_input', error.message)
    }
    const isTrap = error instanceof WebAssembly.RuntimeError || error instanceof RangeError
    if (!isTrap) throw error
    const what = type === 'image/tiff' ? 'TIFF' : 'PDF'
    if (!pdfium.isOverfull) {
      throw new DocumentError('invalid_input', `Cannot open the ${what}: it is damaged`)
    }
    throw new DocumentError(
      'too_large',
      `Cannot open the ${what}: it takes over ${
        MOST_HEAP_BYTES / 2 ** 20
      } MiB of memory: save it ` +
        'smaller',
    )
  }
}

/** As a PDF, a pixel to a point. */
function pagesOfTiff(bytes: Uint8Array, maxPages: number): Uint8Array {
  try {
    const file = openTiff(bytes, maxPages)
    checkPages(file.pages.length, maxPages)
    return pdfOfTiff(file)
  } catch (error) {
    if (error instanceof TiffError) throw new DocumentError('invalid_input', error.message)
    throw error
  }
}

function checkPages(pages: number, maxPages: number): void {
  if (pages <= maxPages) return
  throw new DocumentError(
    'too_large',
    `Cannot take a document of over ${maxPages} pages: send it as a job, to /v1/jobs`,
  )
}

function started(module: WebAssembly.Module): Pdfium {
  try {
    return startPdfium(module, MOST_HEAP_BYTES)
  } catch (cause) {
    throw new CodecUnavailableError(`Cannot start PDFium: ${cause}`, { cause })
  }
}

async function pagesDrawn(
  pdfium: Pdfium,
  file: Uint8Array,
  type: DocumentType,
  settings: DrawSettings,
  codecs: ImageCodecs,
): Promise<Opened> {
  const pdf = openPdf(pdfium, file)
  const opened: Opened = { pages: [], pictures: [] }
  let [characters, pictureBytes] = [0, 0]
  checkPages(pdf.pages, settings.maxPages)
  for (let index = 0; index < pdf.pages; index++) {
    const page = withPage(pdfium, pdf, index, (page) => pageOf(pdfium, page, index, type, settings))
    // A picture that there was no memory for would be missing, and nobody would know.
    if (pdfium.isOverfull) throw new RangeError('No memory left')
    opened.pages.push(page.page)
    characters += page.characters
    if (characters > MOST_CHARACTERS) {
      throw new DocumentError(
        'too_large',
        `Cannot take a text of over ${MOST_CHARACTERS} characters`,
      )
    }
    if (page.picture === undefined) continue
    const item = await pictureItem(page.picture, page.meta, codecs)
    opened.pictures.push(item)
    pictureBytes += item.bytes.length
    if (pictureBytes > MOST_PICTURE_BYTES) {
      throw new DocumentError(
        'too_large',
        `Cannot take a document whose pages come to over ${MOST_PICTURE_BYTES / 2 ** 20} MiB: ` +
          'send it as a job, to /v1/jobs',
      )
    }
  }
  pdf.close()
  return opened
}

function pageOf(
  pdfium: Pdfium,
  page: PdfPage,
  index: number,
  type: DocumentType,
  { dpi, text: wish }: DrawSettings,
) {
  const isPdf = type === 'application/pdf'
  const perPoint = isPdf ? dpi / POINTS_AN_INCH : 1
  const whole = { width: page.width * perPoint, height: page.height * perPoint }
  const { scale, ...size } = sizeIn(whole)
  // Pixels of a PDF are those that it is drawn with, of a TIFF its own.
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
