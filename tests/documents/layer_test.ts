/** PDFs with a layer: what was read is found in them, where it is, by programs of others. */
import {
  degrees,
  PDFArray,
  PDFDict,
  PDFDocument,
  PDFName,
  PDFNumber,
  StandardFonts,
} from '@cantoo/pdf-lib'
import assert from 'node:assert/strict'
import type { Page, Quad } from '../../src/documents/page.ts'
import {
  boxOf,
  type FoundWord,
  foundWords,
  HAS_PDFTOTEXT,
  LETTERS,
  lineOf,
  ok,
  pageOf,
  pdftotext,
  withDocuments,
} from './documents.ts'
import { A4, pdfOf } from './made.ts'

const skipped = HAS_PDFTOTEXT ? '' : ' (skipped: no pdftotext; apt-get install poppler-utils)'
const ignore = !HAS_PDFTOTEXT
const wordsOf = LETTERS.split(' ')

async function layered(document: Uint8Array, pages: Page[]): Promise<Uint8Array<ArrayBuffer>> {
  let bytes: Uint8Array<ArrayBuffer> | undefined
  await withDocuments(async (documents) => {
    ok(await documents.open(document))
    bytes = ok(await documents.write('pdf', pages, 'name')).bytes
  })
  return bytes!
}

const textsOf = (words: FoundWord[] | undefined, page: number) =>
  words!.filter((word) => word.page === page).map(({ text }) => text)

/** The area of all words of a page, in whole points. */
function areaOf(words: FoundWord[] | undefined, page: number): number[] {
  const boxes = words!.filter((word) => word.page === page).map(({ box }) => box)
  return [
    ...[0, 1].map((i) => Math.min(...boxes.map((box) => box[i]!))),
    ...[2, 3].map((i) => Math.max(...boxes.map((box) => box[i]!))),
  ].map(Math.round)
}

Deno.test(`letters are found in a PDF where they were read${skipped}`, { ignore }, async () => {
  const out = await layered(await pdfOf(['blank', 'kept before', 'blank']), [
    pageOf([
      lineOf(LETTERS, boxOf(100, 200, 900, 240)),
      lineOf('a 😀 b', boxOf(100, 300, 300, 340)),
    ]),
    pageOf([lineOf('kept before', boxOf(100, 200, 900, 240))], { index: 1, source: 'kept' }),
  ])
  const words = await foundWords(out)
  assert.deepEqual(textsOf(words, 0), [...wordsOf, 'a', '😀', 'b'])
  assert.deepEqual(textsOf(words, 1), ['kept', 'before'], 'once, as it was')
  assert.deepEqual(textsOf(words, 2), [])
  const [first, last] = [words![0]!, words![wordsOf.length - 1]!]
  assert.deepEqual([...first.box.slice(0, 2), ...last.box.slice(2)].map(Math.round), [
    ...[50, 100, 450, 120],
  ])
  const text = await pdftotext(out)
  assert.ok(text!.includes(LETTERS), 'with spaces between its words')
})

Deno.test(`a layer lies right on turned and cropped pages${skipped}`, { ignore }, async () => {
  const pdf = await PDFDocument.create()
  const pages: Page[] = []
  for (const turns of [0, 1, 2, 3]) {
    const page = pdf.addPage([600, 800])
    page.setCropBox(50, 100, 500, 600)
    page.setRotation(degrees(90 * turns))
    page.node.set(PDFName.of('UserUnit'), PDFNumber.of(2))
    const [width, height] = turns % 2 === 0 ? [1000, 1200] : [1200, 1000]
    const line = lineOf(LETTERS, boxOf(100, 200, 800, 240))
    pages.push(pageOf([line], { index: turns, width, height }))
  }
  const words = await foundWords(await layered(new Uint8Array(await pdf.save()), pages))
  for (const turns of [0, 1, 2, 3]) {
    assert.deepEqual(textsOf(words, turns), wordsOf, `turned by ${turns}`)
    // It counts in units of the page, of which each is two points.
    assert.deepEqual(areaOf(words, turns), [50, 100, 400, 120], `turned by ${turns}`)
  }
})

Deno.test(`turned and skewed lines are where their quads are${skipped}`, { ignore }, async () => {
  const quads: [text: string, quad: Quad][] = [
    ['upwards', [[100, 900], [100, 500], [140, 500], [140, 900]]],
    ['downwards', [[340, 500], [340, 900], [300, 900], [300, 500]]],
    ['overhead', [[900, 640], [500, 640], [500, 600], [900, 600]]],
    ['askew-by-two-degrees', [[500, 800], [800, 810], [799, 840], [499, 830]]],
  ]
  const lines = quads.map(([text, quad]) => lineOf(text, quad))
  const words = await foundWords(await layered(await pdfOf(['blank']), [pageOf(lines)]))
  for (const [text, quad] of quads) {
    const found = words!.find((word) => word.text === text)
    const sides = [0, 1].flatMap((i) => {
      const values = quad.map((point) => point[i]! / 2)
      return [Math.min(...values), Math.max(...values)]
    })
    const [left, right, top, bottom] = sides as [number, number, number, number]
    for (const [i, side] of [left, top, right, bottom].entries()) {
      assert.ok(Math.abs(found!.box[i]! - side) < 3, `${text}: ${found!.box} for ${sides}`)
    }
  }
})

Deno.test(`what pages share stays as it was under their layers${skipped}`, { ignore }, async () => {
  const pdf = await PDFDocument.create()
  const font = await pdf.embedFont(StandardFonts.Helvetica)
  for (const text of ['one', 'two', 'three']) {
    pdf.addPage(A4).drawText(text, { x: 50, y: 500, size: 12, font })
  }
  await pdf.flush()
  const nodes = pdf.getPages().map(({ node }) => node)
  const shared = pdf.context.obj({ Font: {} }) as PDFDict
  for (const node of nodes) {
    for (const [name, value] of node.Resources()!.lookup(PDFName.of('Font'), PDFDict).entries()) {
      shared.lookup(PDFName.of('Font'), PDFDict).set(name, value)
    }
    node.delete(PDFName.of('Resources'))
  }
  // All inherit one list of resources, and one has its content in a list of its own.
  nodes[0]!.Parent()!.set(PDFName.of('Resources'), pdf.context.register(shared))
  const contents = nodes[1]!.Contents()!
  assert.ok(contents instanceof PDFArray)
  nodes[1]!.set(PDFName.of('Contents'), pdf.context.register(contents))
  const pages = [0, 1, 2].map((index) =>
    pageOf([lineOf(`read${index}`, boxOf(100, 200, 400, 240))], { index })
  )
  const words = await foundWords(await layered(new Uint8Array(await pdf.save()), pages))
  for (const [index, text] of ['one', 'two', 'three'].entries()) {
    assert.deepEqual(textsOf(words, index).sort(), [`read${index}`, text].sort())
  }
})
