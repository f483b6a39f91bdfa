/**
 * `Documents`, done here: it runs in a worker, since a document may keep it busy for minutes.
 *
 * A PDF is opened by PDFium in a memory that ends. This build of it has no JavaScript: what a document
 * brings of that is never run. Parts have none of it but what hangs on their pages; a PDF that gets a
 * layer keeps what it has.
 *
 * @module
 */
import { documentTypeOf } from './document_type.ts'
import { type Documents, type DocumentType, type Fault, type Output, OUTPUTS } from './documents.ts'
import { fault, FAULTS, MOST_BYTES, MOST_PAGES } from './faults.ts'
import { alto } from './output/alto.ts'
import { hocr } from './output/hocr.ts'
import { withLayers } from './output/layers.ts'
import { pdfOfPicture, type Pictures } from './output/picture_pdf.ts'
import { plainText } from './output/plain_text.ts'
import type { Page } from './page.ts'
import { openPdf, PdfError, type PdfFile } from './pdf/pdf_file.ts'
import type { Pdfium } from './pdf/pdfium.ts'
import { joined } from './pdf/writer.ts'
import { withoutUnused } from './pdf/unused.ts'
import { openTiff, type TiffFile } from './tiff/file.ts'
import { tiffPage } from './tiff/page.ts'
import { tiffPart } from './tiff/part.ts'
import { pdfOfTiff } from './tiff/pdf.ts'

export interface Tools extends Pictures {
  startPdfium(): Promise<Pdfium>
}

interface Open {
  type: DocumentType
  bytes: Uint8Array
  pages: number
  tiff?: TiffFile
}

/** The longer side of A4, in points: how large a picture is shown that does not say how large it is. */
const LONGER_SIDE = 842
const POINTS_AN_INCH = 72
/** Scanners' and faxes'; what says another has none of its own. */
const [LEAST_DPI, MOST_DPI] = [50, 2400]

/** PDFium keeps what it has read of a file until that is closed; to open it again takes milliseconds. */
const PARTS_OF_ONE_OPENING = 16

export function createDocumentsHere(tools: Tools): Documents {
  let open: Open | undefined
  let pdfium: Pdfium | undefined
  /** Of the document that is open. */
  let file: PdfFile | undefined
  let parts = 0

  /** An instance that threw is of no use any more; the next call has another. */
  async function withPdfium<T>(use: (pdfium: Pdfium) => T | Promise<T>): Promise<T | Fault> {
    const present = pdfium ??= await tools.startPdfium()
    try {
      return await use(present)
    } catch (error) {
      if (error instanceof PdfError) return FAULTS[error.code]
      pdfium = file = undefined
      return present.isOverfull ? FAULTS.memory : FAULTS.damaged
    }
  }

  async function countPages(type: DocumentType, bytes: Uint8Array): Promise<Open | Fault> {
    switch (type) {
      case 'application/pdf':
        return await withPdfium((pdfium) => {
          file = openPdf(pdfium, bytes)
          return { type, bytes, pages: file.pages }
        })
      case 'image/tiff': {
        const tiff = openTiff(bytes, MOST_PAGES)
        return { type, bytes, pages: tiff.pages.length, tiff }
      }
      default:
        return { type, bytes, pages: 1 }
    }
  }

  function closeFile(): void {
    try {
      file?.close()
    } catch {
      pdfium = undefined
    }
    file = open = undefined
  }

  async function pdf(pages: Page[]): Promise<Uint8Array<ArrayBuffer> | Fault> {
    if (open === undefined) return FAULTS.closed
    const { type, bytes, tiff } = open
    if (type === 'application/pdf') {
      return await withPdfium((pdfium) => withLayers(file ??= openPdf(pdfium, bytes), pages))
    }
    const made = tiff === undefined
      ? await pdfOfPicture(type as 'image/png', bytes, tools)
      : pdfOfTiff(tiff)
    return await withPdfium(async (pdfium) => {
      const file = openPdf(pdfium, made)
      try {
        return await withLayers(file, pages, scaleOf)
      } finally {
        file.close()
      }
    })

    function scaleOf(index: number): number {
      const { width, height, dpi } = tiff === undefined
        ? { ...tools.head(bytes)!, dpi: undefined }
        : tiffPage(tiff, index)
      return dpi !== undefined && dpi >= LEAST_DPI && dpi <= MOST_DPI
        ? POINTS_AN_INCH / dpi
        : LONGER_SIDE / Math.max(width, height)
    }
  }

  return {
    open: (bytes) =>
      asData(async () => {
        closeFile()
        if (bytes.length === 0) return FAULTS.empty
        if (bytes.length > MOST_BYTES) return FAULTS.bytes
        const type = documentTypeOf(bytes)
        if (type === undefined) return FAULTS.unsupported
        const counted = await countPages(type, bytes)
        const why = 'ok' in counted ? counted : checkCount(counted.pages)
        if (why !== undefined || 'ok' in counted) {
          closeFile()
          return why!
        }
        open = counted
        return { ok: true, type, pages: counted.pages }
      }),
    part: (from, count) =>
      asData(async () => {
        if (open === undefined) return FAULTS.closed
        const { type, bytes, pages, tiff } = open
        const isRange = [from, count].every(Number.isSafeInteger) && from >= 0 && count >= 1 &&
          from + count <= pages
        if (!isRange) return FAULTS.range
        if (tiff !== undefined) return { ok: true, type, bytes: tiffPart(tiff, from, count) }
        if (type !== 'application/pdf') return { ok: true, type, bytes: bytes.slice() }
        const part = await withPdfium((pdfium) => {
          if (++parts % PARTS_OF_ONE_OPENING === 0) {
            file?.close()
            file = undefined
          }
          return (file ??= openPdf(pdfium, bytes)).part(from, count)
        })
        return 'ok' in part ? part : { ok: true, type, bytes: await withoutUnused(part, count) }
      }),
    write: (output, pages, name) =>
      asData(async () => {
        if (!OUTPUTS.includes(output)) {
          return fault('invalid_input', `There is no output "${output}": use ${OUTPUTS.join(', ')}`)
        }
        if (output !== 'pdf') return { ok: true, bytes: encoded(texts(output, pages, name)) }
        const written = await pdf(pages)
        return 'ok' in written ? written : { ok: true, bytes: written }
      }),
    close() {
      closeFile()
      return Promise.resolve()
    },
  }
}

function checkCount(pages: number): Fault | undefined {
  if (pages > MOST_PAGES) return FAULTS.pages
  return pages < 1 ? FAULTS.noPage : undefined
}

function texts(output: Exclude<Output, 'pdf'>, pages: Page[], name: string): Iterable<string> {
  switch (output) {
    case 'text':
      return plainText(pages)
    case 'hocr':
      return hocr(pages, name)
    case 'alto':
      return alto(pages, name)
    case 'json':
      return json(pages, name)
  }
}

/** `{name, pages: Page[]}` */
function* json(pages: Page[], name: string): Iterable<string> {
  yield `{"name":${JSON.stringify(name)},"pages":[`
  for (const [i, page] of pages.entries()) yield `${i > 0 ? ',' : ''}\n${JSON.stringify(page)}`
  yield '\n]}\n'
}

/** Page by page: one text of all would be longer than texts can be. */
function encoded(texts: Iterable<string>): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder()
  return joined(Array.from(texts, (text) => encoder.encode(text)))
}

async function asData<T>(work: () => Promise<T | Fault>): Promise<T | Fault> {
  try {
    return await work()
  } catch (error) {
    // What readers and decoders say of a file tells what is wrong with it.
    return fault('invalid_input', (error as Error).message)
  }
}
