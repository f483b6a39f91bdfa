/** Files taken apart into pages, by the stage alone. */
import assert from 'node:assert/strict'
import { degrees, PDFDocument, StandardFonts } from '@cantoo/pdf-lib'
import { loadLocalCodec } from '../../src/cli/serve/codec_assets.ts'
import type { Line, Page } from '../../src/documents/page.ts'
import { faultOf } from '../../src/stages/agreement/agreement.ts'
import { createCodecs } from '../../src/stages/codecs.ts'
import { documentPages } from '../../src/stages/documents/document_pages.ts'
import type { ItemResult, JsonObject, StageContext } from '../../src/stages/types.ts'
import {
  A4,
  deflatedZeros,
  encryptedPdf,
  pdfOf,
  pdfOfContent,
  rawPdf,
  type Tag,
  tiffOf,
} from './made.ts'

const codecs = createCodecs(loadLocalCodec)
const task = { kind: 'document-pages', next: ['detect'], variants: {} }
const context = {
  ...{ task, variant: { accuracy: 1, input: { dpi: 150 } }, next: ['detect'], codecs },
  ...{ crops: 'raw', model: undefined },
} as unknown as StageContext

async function open(
  type: string,
  bytes: Uint8Array,
  meta: JsonObject = {},
  given = context,
): Promise<ItemResult> {
  const [result] = await documentPages.run([{ meta: { type, ...meta }, bytes }], given)
  return result!
}

async function opened(...args: Parameters<typeof open>) {
  const result = await open(...args)
  assert.ok(result.ok, JSON.stringify(result))
  assert.equal(faultOf(task, result), undefined)
  const pages = result.fields!['pages'] as unknown as Page[]
  return { pages, pictures: result.children['detect']! }
}

async function refused(reason: string, message: RegExp, ...args: Parameters<typeof open>) {
  const result = await open(...args)
  assert.ok(!result.ok, JSON.stringify(result))
  assert.equal(result.reason, reason, result.message)
  assert.match(result.message, message)
}

const PDF = 'application/pdf'
const linesOf = ({ blocks }: Page): Line[] =>
  blocks.flatMap((block) => block.kind === 'text' ? block.lines : [])

/** Of the place, dark or not. */
async function darkAt(bytes: Uint8Array, x: number, y: number): Promise<boolean> {
  const { data, width } = await codecs.decode('image/jpeg', bytes)
  return data[4 * (y * width + x)]! < 128
}

Deno.test('a page is drawn with the dots an inch of the variant', async () => {
  for (const [dpi, width, height] of [[150, 1240, 1754], [80, 661, 936]] as const) {
    const variant = { accuracy: 1, input: { dpi } }
    const { pages, pictures } = await opened(PDF, await pdfOf(['scan']), {}, {
      ...context,
      variant,
    })
    assert.deepEqual([pages[0]!.width, pages[0]!.height], [width, height])
    assert.deepEqual(pictures[0]!.meta, { type: 'image/jpeg', page: { index: 0, width, height } })
    const picture = await codecs.decode('image/jpeg', pictures[0]!.bytes)
    assert.deepEqual([picture.width, picture.height], [width, height])
  }
})

Deno.test('a page of 20 m is drawn smaller', async () => {
  const metres: [number, number] = [20 / 0.0254 * 72, 20 / 0.0254 * 72]
  const { pages } = await opened(PDF, await pdfOf(['scan'], metres))
  assert.deepEqual([pages[0]!.width, pages[0]!.height], [2048, 2048])
})

Deno.test('a page keeps the text that it carries, unless it is a stamp on a scan', async () => {
  const pdf = await PDFDocument.load(await pdfOf(['First line\nSecond line', 'scan']))
  pdf.getPage(1).drawText('Scanned with a program', { x: 20, y: 20, size: 8 })
  const { pages, pictures } = await opened(PDF, await pdf.save())
  assert.deepEqual(pages.map(({ source }) => source), ['kept', 'read'])
  assert.deepEqual(pictures.map(({ meta }) => (meta['page'] as JsonObject)['index']), [1])
  const [first, second] = linesOf(pages[0]!)
  assert.deepEqual([first!.text, second!.text], ['First line', 'Second line'])
  const [[left, top], , [right, bottom]] = first!.box
  // 12 points, 50 from the left and 60 from the top, at 150 dots an inch.
  assert.ok(left > 100 && left < 110 && right > 180 && right < 240, JSON.stringify(first!.box))
  assert.ok(top > 90 && bottom < 135 && bottom - top > 18, JSON.stringify(first!.box))
})

Deno.test('a text stands where a viewer shows it, on a turned page, too', async () => {
  const pdf = await PDFDocument.create()
  const font = await pdf.embedFont(StandardFonts.Helvetica)
  const page = pdf.addPage(A4)
  page.setRotation(degrees(90))
  page.drawText('Upright as it is shown', { x: 60, y: 50, size: 12, rotate: degrees(90), font })
  page.drawText('Downwards', { x: 100, y: 700, size: 12, font })
  const { pages: [turned] } = await opened(PDF, await pdf.save())
  assert.deepEqual([turned!.width, turned!.height], [1754, 1240])
  const [upright, down] = linesOf(turned!)
  assert.equal(upright!.text, 'Upright as it is shown')
  assert.ok(upright!.box[1][0] > upright!.box[0][0] + 200, JSON.stringify(upright!.box))
  assert.ok(Math.abs(upright!.box[0][1] - upright!.box[1][1]) < 1)
  // Its reading begins above, and its upper edge is to the right.
  assert.ok(down!.box[1][1] > down!.box[0][1] + 80, JSON.stringify(down!.box))
  assert.ok(down!.box[2][0] < down!.box[1][0])
})

Deno.test('columns side by side are lines of their own', async () => {
  const pdf = await PDFDocument.load(await pdfOf(['On the left']))
  pdf.getPage(0).drawText('On the right', { x: 350, y: A4[1] - 60, size: 12 })
  const { pages: [page] } = await opened(PDF, await pdf.save())
  assert.deepEqual(linesOf(page!).map(({ text }) => text), ['On the left', 'On the right'])
})

const BARS: Tag[] = [[256, 3, [64]], [257, 3, [16]]]
/** Eight pixels black, eight white, and so on: each row the same. */
const STRIPES = Uint8Array.from({ length: 128 }, (_, i) => i % 2 === 0 ? 0xff : 0)

Deno.test('TIFFs of the ways that scanners pack are opened, page by page', async () => {
  const packed = new Uint8Array(
    await new Response(new Response(STRIPES).body!.pipeThrough(new CompressionStream('deflate')))
      .arrayBuffer(),
  )
  // Group 4: after one row of eight white and eight black pixels and so on, the same row again and again.
  const row = '001' + '10011' + '000101'
  const bits = row.repeat(4) + '1' + '1'.repeat(8).padEnd(9, '1').repeat(15)
  const fax = Uint8Array.from(
    { length: Math.ceil(bits.length / 8) },
    (_, i) => parseInt(bits.slice(8 * i, 8 * i + 8).padEnd(8, '0'), 2),
  )
  // PackBits: so many bytes as they are, 128 at most.
  const runs = Uint8Array.of(127, ...STRIPES)
  const pages = [
    { tags: [...BARS, [259, 3, [1]], [262, 3, [0]]] as Tag[], strip: STRIPES, black: 4 },
    { tags: [...BARS, [259, 3, [1]], [262, 3, [1]]] as Tag[], strip: STRIPES, black: 12 },
    { tags: [...BARS, [259, 3, [8]], [262, 3, [0]]] as Tag[], strip: packed, black: 4 },
    { tags: [...BARS, [259, 3, [32773]], [262, 3, [0]]] as Tag[], strip: runs, black: 4 },
    { tags: [...BARS, [259, 3, [4]], [262, 3, [0]]] as Tag[], strip: fax, black: 12 },
  ]
  for (const littleEndian of [true, false]) {
    const { pages: found, pictures } = await opened('image/tiff', tiffOf(pages, littleEndian))
    assert.deepEqual(found.map(({ width, height }) => [width, height]), pages.map(() => [64, 16]))
    for (const [i, { black }] of pages.entries()) {
      const { bytes } = pictures[i]!
      assert.ok(await darkAt(bytes, black, 8), `page ${i} is dark at ${black}`)
      assert.ok(!await darkAt(bytes, (black + 8) % 16, 8), `page ${i} is light beside it`)
    }
  }
})

Deno.test('thumbnails and masks in a TIFF are no pages of it', async () => {
  const kinds = [0, 1, 4, 2].map((kind) => ({
    tags: [[254, 4, [kind]], ...BARS, [262, 3, [0]]] as Tag[],
    strip: STRIPES,
  }))
  const { pictures } = await opened('image/tiff', tiffOf(kinds))
  assert.deepEqual(pictures.map(({ meta }) => (meta['page'] as JsonObject)['index']), [0, 1])
})

Deno.test('a TIFF in colours with transparency is opened', async () => {
  const strip = Uint8Array.from({ length: 4 * 64 * 16 }, (_, i) => [200, 30, 30, 255][i % 4]!)
  const tags: Tag[] = [...BARS, [258, 3, [8, 8, 8, 8]], [262, 3, [2]], [277, 3, [4]]]
  const { pictures } = await opened('image/tiff', tiffOf([{ tags, strip }]))
  const { data } = await codecs.decode('image/jpeg', pictures[0]!.bytes)
  assert.ok(data[0]! > 180 && data[1]! < 60, [...data.subarray(0, 4)].join())
})

Deno.test('a large TIFF is drawn smaller, and its page stays as large as it is', async () => {
  const tags: Tag[] = [[256, 3, [4960]], [257, 3, [7016]], [262, 3, [0]]]
  const strip = new Uint8Array(620 * 7016)
  const { pages, pictures } = await opened('image/tiff', tiffOf([{ tags, strip }]))
  assert.deepEqual([pages[0]!.width, pages[0]!.height], [4960, 7016])
  const { scale } = pictures[0]!.meta['page'] as { scale: number }
  const picture = await codecs.decode('image/jpeg', pictures[0]!.bytes)
  assert.ok(Math.abs(picture.width * scale - 4960) < scale)
  assert.ok(picture.width * picture.height <= 2 ** 22)
})

Deno.test('a bad file is refused with what is wrong, and the next one is opened', async () => {
  const pdf = await pdfOf(['scan'])
  await refused('invalid_input', /empty/, PDF, new Uint8Array(0))
  await refused('invalid_input', /none that is known/, PDF, new TextEncoder().encode('A letter.'))
  await refused('invalid_input', /damaged or cut short/, PDF, pdf.subarray(0, pdf.length / 2))
  await refused('invalid_input', /cut short/, PDF, new TextEncoder().encode('%PDF-1.7\nno more'))
  await refused('invalid_input', /password/, PDF, await encryptedPdf())
  await refused('invalid_input', /its content is application\/pdf/, 'image/tiff', pdf)
  await refused('invalid_input', /of type "text\/plain"/, 'text/plain', pdf)
  await refused('too_large', /over 32 pages.*jobs/, PDF, await pdfOf(Array(10_000).fill('blank')))
  assert.equal((await opened(PDF, pdf)).pages.length, 1)
})

Deno.test('a PDF that unpacks to gigabytes fails alone', async () => {
  const content = await deflatedZeros(2048)
  assert.ok(content.length < 3e6)
  await refused('too_large', /over 512 MiB/, PDF, pdfOfContent('/Filter /FlateDecode', content))
  assert.equal((await opened(PDF, await pdfOf(['scan']))).pages.length, 1)
})

Deno.test('a program in a PDF is not run', async () => {
  const pdf = rawPdf([
    '<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (while (true) {}) >> >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /AA << /O << /S /JavaScript ' +
    '/JS (while (true) {}) >> >> >>',
  ])
  assert.equal((await opened(PDF, pdf)).pages.length, 1)
})

Deno.test('a TIFF whose pages lead back, or whose parts are missing, is refused', async () => {
  const tags: Tag[] = [...BARS, [262, 3, [0]]]
  const tiff = tiffOf([{ tags, strip: STRIPES }])
  const loop = tiff.slice()
  const nextAt = 8 + 2 + 12 * 5
  loop[nextAt] = 8
  await refused('invalid_input', /circle; save it anew/, 'image/tiff', loop)
  await refused('invalid_input', /cut short/, 'image/tiff', tiff.subarray(0, tiff.length - 40))
  await refused('invalid_input', /cut short/, 'image/tiff', tiff.subarray(0, 12))
  const jpeg: Tag[] = [...BARS, [259, 3, [6]], [262, 3, [0]]]
  await refused(
    'invalid_input',
    /packed in a way \(6\)/,
    'image/tiff',
    tiffOf([{ tags: jpeg, strip: STRIPES }]),
  )
  const many = Array.from({ length: 33 }, () => ({ tags, strip: STRIPES }))
  await refused('too_large', /over 32 pages.*jobs/, 'image/tiff', tiffOf(many))
})
