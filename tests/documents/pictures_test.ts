/** PDFs of pictures and of TIFFs, with a layer: they look as they did, and their text is found. */
import { createCanvas } from '@napi-rs/canvas'
import { PDFDict, PDFDocument, PDFName, PDFRawStream } from '@cantoo/pdf-lib'
import assert from 'node:assert/strict'
import {
  boxOf,
  foundWords,
  HAS_PDFTOTEXT,
  LETTERS,
  lineOf,
  ok,
  pageOf,
  withDocuments,
} from './documents.ts'
import { type Tag, tiffOf } from './made.ts'

const [WIDTH, HEIGHT] = [600, 300]
const ORIENTATION_6 = Uint8Array.from([
  ...[0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8, 0, 1],
  ...[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0],
])

function drawn(type: 'image/png' | 'image/jpeg' | 'image/webp'): Uint8Array<ArrayBuffer> {
  const canvas = createCanvas(WIDTH, HEIGHT)
  const context = canvas.getContext('2d')
  context.fillStyle = 'rgb(200, 40, 40)'
  context.fillRect(0, 0, WIDTH, HEIGHT / 2)
  return new Uint8Array(canvas.toBuffer(type as 'image/png'))
}

function turned(jpeg: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(jpeg.length + ORIENTATION_6.length)
  out.set(jpeg.subarray(0, 2))
  out.set(ORIENTATION_6, 2)
  out.set(jpeg.subarray(2), 2 + ORIENTATION_6.length)
  return out
}

const page = (index = 0, width = WIDTH, height = HEIGHT) =>
  pageOf([lineOf(LETTERS, boxOf(60, 30, 240, 60))], { index, width, height })

/** Of its first page. */
async function pictureIn(pdf: Uint8Array): Promise<PDFRawStream> {
  const [first] = (await PDFDocument.load(pdf)).getPages()
  const list = first!.node.Resources()!.lookup(PDFName.of('XObject'), PDFDict)
  return list.lookup(list.keys()[0]!) as PDFRawStream
}

async function checkFound(pdf: Uint8Array, pages: number, expected: number[]): Promise<void> {
  if (!HAS_PDFTOTEXT) return console.log('no pdftotext: apt-get install poppler-utils')
  const words = (await foundWords(pdf))!
  for (let i = 0; i < pages; i++) {
    const own = words.filter((word) => word.page === i)
    assert.deepEqual(own.map(({ text }) => text), LETTERS.split(' '))
    const [first, last] = [own[0]!.box, own.at(-1)!.box]
    const area = [first[0], first[1], last[2], last[3]]
    for (const [j, side] of expected.entries()) {
      assert.ok(Math.abs(area[j]! - side) < 1, `${area} for ${expected}`)
    }
  }
}

/** Its longer side is that of A4. */
const SCALE = 842 / WIDTH
const PLACE = [60, 30, 240, 60].map((side) => side * SCALE)

Deno.test('a picture becomes a PDF whose text is found', () =>
  withDocuments(async (documents) => {
    for (const type of ['image/jpeg', 'image/png', 'image/webp'] as const) {
      const picture = drawn(type)
      assert.deepEqual(ok(await documents.open(picture)), { ok: true, type, pages: 1 })
      assert.deepEqual(ok(await documents.part(0, 1)).bytes, picture)
      const { bytes } = ok(await documents.write('pdf', [page()], 'picture'))
      await checkFound(bytes, 1, PLACE)
      const stream = await pictureIn(bytes)
      if (type === 'image/jpeg') assert.deepEqual(stream.getContents(), picture, 'as it is')
    }
  }))

Deno.test('a photograph that was taken sideways lies upright, as it was read', () =>
  withDocuments(async (documents) => {
    ok(await documents.open(turned(drawn('image/jpeg'))))
    const { bytes } = ok(await documents.write('pdf', [page(0, HEIGHT, WIDTH)], 'photo'))
    await checkFound(bytes, 1, PLACE)
    const [first] = (await PDFDocument.load(bytes)).getPages()
    assert.equal(first!.getRotation().angle, 90)
  }))

Deno.test('a TIFF becomes a PDF of its pages, whose text is found', () =>
  withDocuments(async (documents) => {
    const strip = new Uint8Array(WIDTH * HEIGHT).fill(255)
    const tags: Tag[] = [
      ...[[256, 3, [WIDTH]], [257, 3, [HEIGHT]], [258, 3, [8]], [259, 3, [1]]] as Tag[],
      ...[[262, 3, [1]], [277, 3, [1]], [278, 3, [HEIGHT]]] as Tag[],
    ]
    const [small, mask] = [1, 4].map((kind): Tag[] => [[254, 4, [kind]], ...tags])
    const all = [tags, small!, mask!, tags].map((tags) => ({ tags, strip }))
    assert.equal(ok(await documents.open(tiffOf(all))).pages, 2, 'without thumbnail and mask')
    const { bytes } = ok(await documents.write('pdf', [page(0), page(1)], 'tiff'))
    await checkFound(bytes, 2, PLACE)
  }))

Deno.test('a picture that is cut short is refused with what is wrong', () =>
  withDocuments(async (documents) => {
    const png = drawn('image/png').slice(0, 60)
    ok(await documents.open(png))
    const answer = await documents.write('pdf', [page()], 'cut')
    assert.ok(!answer.ok && answer.reason === 'invalid_input')
    assert.match(answer.message, /cut short or damaged/)
  }))
