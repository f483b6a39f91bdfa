/**
 * Whether the text that a page of a PDF carries is what one sees on it, so that nothing has to be read.
 *
 * @module
 */
import type { Pdfium } from '../../documents/pdf/pdfium.ts'
import type { PdfPage } from './pdf.ts'
import type { CarriedText } from './pdf_text.ts'

/** Kinds of page objects, as PDFium numbers them. */
const [PATH, IMAGE, FORM] = [2, 3, 5]
/** Limits of the parts that are looked at, and of the depth of nested forms. */
const MOST_PARTS = 5000
const MOST_DEPTH = 4
/**
 * Letters drawn as outlines are paths, a few to each; a drawing or a table has as many with less
 * text beside it. From this number on they count as a picture of half the page.
 */
const MANY_PATHS = 1000
const PATHS_SHARE = 0.5
/**
 * Share of what pictures cover that the text has to cover. A stamp on a scanned page covers a hundredth
 * of it, a letter's text a tenth at the least, once a scan had a layer of text put in.
 */
const LEAST_SHARE = 0.06
/** Share of the characters that may be unknown. */
const MOST_UNKNOWN = 0.1

export function isKept(pdfium: Pdfium, page: PdfPage, text: CarriedText): boolean {
  if (text.lines.length === 0 || text.unknown > MOST_UNKNOWN * text.characters) return false
  const { pictures, paths } = partsOf(pdfium, page)
  const drawn = paths >= MANY_PATHS ? PATHS_SHARE : 0
  return text.share >= LEAST_SHARE * Math.max(pictures, drawn)
}

/** Share of the page that pictures cover, counted double where they lie on each other; and paths. */
function partsOf(pdfium: Pdfium, page: PdfPage): { pictures: number; paths: number } {
  const out = pdfium.malloc(16)
  let [pictures, paths, looked] = [0, 0, 0]

  function shareOf(part: number): number {
    const found = pdfium.call('FPDFPageObj_GetBounds', part, out, out + 4, out + 8, out + 12)
    if (found === 0) return 0
    const view = new DataView(pdfium.memory.buffer, out, 16)
    const [left, bottom, right, top] = [0, 4, 8, 12].map((at) => view.getFloat32(at, true))
    const within = (share: number) => Math.min(1, Math.max(0, share))
    const [a, b] = [page.placing(left!, bottom!), page.placing(right!, top!)]
    return Math.abs(within(a[0]) - within(b[0])) * Math.abs(within(a[1]) - within(b[1]))
  }

  /** Whether there is a picture in a form: where in the form it stands is not looked at. */
  function holdsPicture(form: number, depth: number): boolean {
    const count = pdfium.call('FPDFFormObj_CountObjects', form)
    for (let i = 0; i < count && looked < MOST_PARTS; i++, looked++) {
      const part = pdfium.call('FPDFFormObj_GetObject', form, i)
      const kind = pdfium.call('FPDFPageObj_GetType', part)
      if (kind === PATH) paths++
      if (kind === IMAGE) return true
      if (kind === FORM && depth < MOST_DEPTH && holdsPicture(part, depth + 1)) return true
    }
    return false
  }

  const count = pdfium.call('FPDFPage_CountObjects', page.handle)
  for (let i = 0; i < count && looked < MOST_PARTS; i++, looked++) {
    const part = pdfium.call('FPDFPage_GetObject', page.handle, i)
    const kind = pdfium.call('FPDFPageObj_GetType', part)
    if (kind === PATH) paths++
    if (kind === IMAGE || (kind === FORM && holdsPicture(part, 1))) pictures += shareOf(part)
  }
  pdfium.free(out)
  return { pictures: Math.min(1, pictures), paths }
}
