/** The search of PDFium, which is Chromium's viewer, finds what a layer says, where it was read. */
import assert from 'node:assert/strict'
import { codecAssetUrls } from '../../src/cli/serve/codec_assets.ts'
import { startPdfium } from '../../src/documents/pdf/pdfium.ts'
import { boxOf, LETTERS, lineOf, ok, pageOf, withDocuments } from './documents.ts'
import { pdfOf } from './made.ts'

Deno.test("letters are found by the search of Chromium's viewer", async () => {
  let pdf: Uint8Array<ArrayBuffer> | undefined
  await withDocuments(async (documents) => {
    ok(await documents.open(await pdfOf(['blank'])))
    const lines = [
      lineOf(LETTERS, boxOf(100, 200, 900, 240)),
      lineOf('Ende', boxOf(100, 300, 300, 340)),
    ]
    pdf = ok(await documents.write('pdf', [pageOf(lines)], 'name')).bytes
  })
  const module = await WebAssembly.compile(await Deno.readFile(new URL(codecAssetUrls().pdfium)))
  const pdfium = startPdfium(module, 2 ** 28)
  const { call } = pdfium
  const document = call('FPDF_LoadCustomDocument', pdfium.reading(pdf!).at, 0)
  const text = call('FPDFText_LoadPage', call('FPDF_LoadPage', document, 0))
  for (const wanted of [LETTERS, ...LETTERS.split(' '), 'Ende']) {
    const units = Int32Array.from(
      { length: wanted.length + 1 >> 1 },
      (_, i) => wanted.charCodeAt(2 * i) | (wanted.charCodeAt(2 * i + 1) || 0) << 16,
    )
    const found = pdfium.lend(Int32Array.from([...units, 0]), (at) => {
      const search = call('FPDFText_FindStart', text, at, 0, 0)
      return call('FPDFText_FindNext', search) === 0
        ? undefined
        : call('FPDFText_GetSchResultIndex', search)
    })
    assert.ok(found !== undefined, wanted)
    if (wanted !== LETTERS) continue
    const [left, right, bottom, top] = pdfium.lend(new Float32Array(8), (at) => {
      call('FPDFText_GetCharBox', text, found, at, at + 8, at + 16, at + 24)
      return new Float64Array(pdfium.memory.buffer.slice(at, at + 32))
    })
    assert.deepEqual([left, 842 - top!, 842 - bottom!].map((side) => Math.round(side!)), [
      50,
      100,
      120,
    ])
    assert.ok(right! > left! && right! < 70)
  }
})
