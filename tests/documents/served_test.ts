/** The `documents` pipeline over a real coordinator, with a real node in a process of its own. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Line, Page } from '../../src/documents/page.ts'
import { ROOT } from '../../src/cli/root.ts'
import { SAMPLE_PAGE, startServing } from '../../src/cli/serve/serving.ts'
import { encryptedPdf, pdfOf } from './made.ts'

export const DOCUMENTS = join(ROOT, 'profiles', 'documents')
const FEW = ['150dpi', '960x736', 'h32w480', 'blocks']

const linesOf = ({ blocks }: Page): Line[] =>
  blocks.flatMap((block) => block.kind === 'text' ? block.lines : block.rows.flat(2))

Deno.test('documents go in as files, and come out as pages', async (t) => {
  const serving = await startServing([DOCUMENTS], { variants: FEW })
  const ask = (type: string, body: Uint8Array<ArrayBuffer>, headers = {}) =>
    fetch(`${serving.url}/v1/pipelines/documents/infer`, {
      method: 'POST',
      headers: { 'content-type': type, 'x-request-timeout-ms': '600000', ...headers },
      body,
    })
  const pagesOf = async (response: Response): Promise<Page[]> => {
    const body = await response.json()
    assert.equal(response.status, 200, JSON.stringify(body))
    return body.outputs.pages
  }
  try {
    await serving.addNode('reader')

    await t.step('a scanned page is read', async () => {
      const [page, ...others] = await pagesOf(await ask('application/pdf', await pdfOf(['scan'])))
      assert.equal(others.length, 0)
      assert.equal(page!.source, 'read')
      assert.deepEqual([page!.index, page!.width, page!.height], [0, 1240, 1754])
      const text = linesOf(page!).map(({ text }) => text).join('\n')
      const words = (await Deno.readTextFile(SAMPLE_PAGE.replace('.jpg', '.txt'))).split(/\s+/)
      const found = words.filter((word) => text.includes(word)).length
      assert.ok(found > 0.6 * words.length, text)
    })

    await t.step('kept, read and blank pages come in their order', async () => {
      const pdf = await pdfOf(['A first line\nand a second', 'scan', 'blank', 'The last page'])
      const pages = await pagesOf(await ask('application/pdf', pdf))
      assert.deepEqual(pages.map(({ index }) => index), [0, 1, 2, 3])
      assert.deepEqual(pages.map(({ source }) => source), ['kept', 'read', 'read', 'kept'])
      assert.deepEqual(linesOf(pages[0]!).map(({ text }) => text), ['A first line', 'and a second'])
      assert.ok(linesOf(pages[1]!).length > 3)
      assert.deepEqual(pages[2]!.blocks, [])
    })

    await t.step('where nothing is found all pages come, and are empty', async () => {
      const pages = await pagesOf(await ask('application/pdf', await pdfOf(['blank', 'blank'])))
      assert.deepEqual(pages.map(({ blocks }) => blocks), [[], []])
    })

    await t.step('a text that a page carries is read where the query asks for that', async () => {
      const pdf = await pdfOf(['Made by a program'])
      const [page] = await pagesOf(
        await ask('application/pdf', pdf, { 'x-document-text': 'read' }),
      )
      assert.equal(page!.source, 'read')
      assert.match(linesOf(page!).map(({ text }) => text).join(' '), /program/)
    })

    await t.step('a picture is a document of one page', async () => {
      const pages = await pagesOf(await ask('image/jpeg', await Deno.readFile(SAMPLE_PAGE)))
      assert.equal(pages.length, 1)
      assert.ok(linesOf(pages[0]!).length > 3)
    })

    await t.step('what cannot be opened is refused with what is wrong', async () => {
      const pdf = await pdfOf(['scan'])
      const text = new TextEncoder().encode('This is a letter, whatever it is called.')
      const cases: [string, Uint8Array<ArrayBuffer>, number, RegExp][] = [
        ['application/pdf', await encryptedPdf(), 400, /encrypted/],
        ['application/pdf', pdf.subarray(0, 20_000), 400, /cut short/],
        ['application/pdf', new Uint8Array(0), 400, /empty/],
        ['application/pdf', text, 400, /not PDF/],
        ['image/tiff', pdf, 400, /its content is application\/pdf/],
        ['application/msword', pdf, 415, /application\/pdf/],
        ['application/pdf', await pdfOf(Array(33).fill('blank')), 413, /over 32 pages.*\/v1\/jobs/],
      ]
      for (const [type, body, status, message] of cases) {
        const response = await ask(type, body)
        const { error } = await response.json()
        assert.equal(response.status, status, error)
        assert.match(error, message)
      }
      assert.equal((await pagesOf(await ask('application/pdf', await pdfOf(['x'])))).length, 1)
    })
  } finally {
    await serving.end()
  }
})
