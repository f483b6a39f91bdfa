/**
 * The document that is read: labelled pages of all kinds, one after the other, each a JPEG with a mark
 * at its foot, in one PDF.
 * @module
 */
import { PDFDocument } from '@cantoo/pdf-lib'
import { makeLabelled, PAGE_KINDS, type PageKind } from '../../../profiles/documents/pages/pages.ts'
import { textOf } from '../../../profiles/documents/pages/score.ts'
import { openStudio } from '../../../profiles/ocr/canvas.ts'
import { englishWords } from '../../../profiles/ocr/words.ts'
import { markOf } from './score.ts'
import { DOCUMENTS } from './params.ts'

export interface BenchPage {
  kind: PageKind
  width: number
  height: number
  jpeg: Uint8Array<ArrayBuffer>
  /** In reading order, lines parted by line feeds. */
  text: string
}

/** Dots an inch that labelled pages are drawn at, and points an inch. */
const [DPI, POINTS] = [120, 72]

/** @throws Error where canvas or fonts are not there */
export async function makePages(count: number): Promise<BenchPage[]> {
  const studio = await openStudio()
  if ('skip' in studio) throw new Error(`Cannot draw: ${studio.skip}`)
  const words = await englishWords()
  const pages: BenchPage[] = []
  for (let i = 0; i < count; i++) {
    const [kind, nth] = [PAGE_KINDS[i % PAGE_KINDS.length]!, Math.floor(i / PAGE_KINDS.length)]
    const mark = markOf(i + 1, count)
    const page = await makeLabelled(studio, words, kind, nth, DOCUMENTS.seed, mark)
    const { width, height, bytes, blocks } = page
    pages.push({ kind, width, height, jpeg: bytes as BenchPage['jpeg'], text: textOf(blocks) })
  }
  return pages
}

/** Without any text: all of it has to be read. */
export async function pdfOf(pages: readonly BenchPage[]): Promise<Uint8Array<ArrayBuffer>> {
  const pdf = await PDFDocument.create()
  for (const { width, height, jpeg } of pages) {
    const size: [number, number] = [width * POINTS / DPI, height * POINTS / DPI]
    const picture = await pdf.embedJpg(jpeg)
    pdf.addPage(size).drawImage(picture, { x: 0, y: 0, width: size[0], height: size[1] })
  }
  return await pdf.save() as Uint8Array<ArrayBuffer>
}
