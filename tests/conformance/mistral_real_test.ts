/** Real documents, cut by the real worker and read by a real node, through Mistral's own client. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Mistral } from '@mistralai/mistralai'
import { MistralError } from '@mistralai/mistralai/models/errors'
import { ROOT } from '../../src/cli/root.ts'
import { SAMPLE_PAGE, startServing } from '../../src/cli/serve/serving.ts'
import { encryptedPdf, pdfOf } from '../documents/made.ts'
import { dataUri } from './ocr_scene.ts'

const DOCUMENTS = join(ROOT, 'profiles', 'documents')
const FEW = ['150dpi', '960x736', 'h32w480', 'blocks']
const LONG = { headers: { 'x-request-timeout-ms': '600000' } }

Deno.test('mistral: real documents are read by a real node', async (t) => {
  const serving = await startServing([DOCUMENTS], { variants: FEW })
  const client = new Mistral({ serverURL: serving.url, apiKey: 'none' })
  const read = (bytes: Uint8Array, type: string, pages?: string) =>
    client.ocr.process(
      { model: null, document: { documentUrl: dataUri(bytes, type) }, pages },
      LONG,
    )
  try {
    await serving.addNode('reader')

    await t.step('a PDF of more pages than one query takes comes whole and in order', async () => {
      const texts = Array.from({ length: 10 }, (_, i) => `This is page ${i}`)
      const { pages, usageInfo } = await read(await pdfOf(texts), 'application/pdf')
      assert.deepEqual(pages.map(({ markdown }) => markdown), texts)
      assert.deepEqual(pages.map(({ index }) => index), texts.map((_, i) => i))
      assert.deepEqual(pages[9]!.dimensions, { dpi: 150, height: 1754, width: 1240 })
      assert.equal(usageInfo.pagesProcessed, 10)
      const some = await read(await pdfOf(texts), 'application/pdf', '1,8-9')
      assert.deepEqual(some.pages.map(({ markdown }) => markdown), [1, 8, 9].map((i) => texts[i]))
    })

    await t.step('a picture is read', async () => {
      const words = (await Deno.readTextFile(SAMPLE_PAGE.replace('.jpg', '.txt'))).split(/\s+/)
      const { model, pages } = await read(await Deno.readFile(SAMPLE_PAGE), 'image/jpeg')
      assert.equal(model, 'documents')
      const [page, ...others] = pages
      assert.equal(others.length, 0)
      const found = words.filter((word) => page!.markdown.includes(word)).length
      assert.ok(found > 0.6 * words.length, page!.markdown)
      assert.ok(page!.blocks!.length > 0)
    })

    await t.step('what cannot be opened is told', async () => {
      const whole = await pdfOf(['one'])
      const cases: [Uint8Array, RegExp][] = [
        [await encryptedPdf(), /is encrypted/],
        [whole.slice(0, 300), /damaged/],
      ]
      for (const [bytes, expected] of cases) {
        const error = await read(bytes, 'application/pdf').catch((error) => error)
        assert.ok(error instanceof MistralError, String(error))
        assert.equal(error.statusCode, 400, error.body)
        assert.match(JSON.parse(error.body).message, expected)
      }
    })
  } finally {
    await serving.end()
  }
})
