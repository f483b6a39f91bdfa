/** What was read as text, JSON, hOCR and ALTO: each is read back by what reads such files. */
import assert from 'node:assert/strict'
import type { Block, Page } from '../../src/documents/page.ts'
import { type Output, OUTPUTS } from '../../src/documents/documents.ts'
import { createDocumentsHere, type Tools } from '../../src/documents/here.ts'
import { boxOf, LETTERS, lineOf, ok, pageOf } from './documents.ts'
import { type Element, parseXml } from './xml.ts'

const cell = (text: string, left: number) => [lineOf(text, boxOf(left, 400, left + 100, 420))]
const table: Block = {
  kind: 'table',
  area: { left: 100, top: 400, right: 500, bottom: 460 },
  rows: [[cell('Posten', 100), [], cell('12,50 €', 300)], [cell('Summe', 100), [], []]],
}
const AWKWARD = `<b>&"'\u0000\u0007\ufffe]]> \ud800 Ende`
const PAGES: Page[] = [
  pageOf([
    lineOf(LETTERS, boxOf(100, 200, 900, 240), 0.87),
    lineOf('zwei', boxOf(-3, 250, 80, 290)),
  ]),
  pageOf([], { index: 4, blocks: [table] }),
  pageOf([lineOf(AWKWARD, boxOf(100, 200, 900, 240)), lineOf('  ', boxOf(0, 0, 9, 9))], {
    index: 5,
  }),
]
const NAME = `Müller & "Söhne"; <1>.pdf`

async function written(output: Output, pages = PAGES): Promise<string> {
  // None of them needs a tool.
  const { bytes } = ok(await createDocumentsHere({} as Tools).write(output, pages, NAME))
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}

Deno.test('text has blank lines between blocks, tabs in tables and feeds between pages', async () => {
  const [first, second, third] = (await written('text')).split('\f')
  assert.equal(first, `${LETTERS}\nzwei\n`)
  assert.equal(second, 'Posten\t\t12,50 €\nSumme\t\t\n')
  assert.ok(third!.includes('Ende'))
})

Deno.test('JSON has the name and the pages', async () => {
  const { name, pages } = JSON.parse(await written('json'))
  assert.equal(name, NAME)
  assert.deepEqual(pages.slice(0, 2), JSON.parse(JSON.stringify(PAGES.slice(0, 2))))
})

const withClass = (root: Element, name: string) =>
  root.all().filter((one) => one.get('class') === name)

Deno.test('hOCR is XML, and says of all words where they are and how sure they are', async () => {
  const root = parseXml(await written('hocr'))
  assert.equal(root.name, 'html')
  const pages = withClass(root, 'ocr_page')
  assert.deepEqual(pages.map((page) => /ppageno (\d+)/.exec(page.get('title')!)?.[1]), [
    '0',
    '4',
    '5',
  ])
  assert.ok(pages[0]!.get('title')!.includes('bbox 0 0 1190 1684'))
  const words = withClass(pages[0]!, 'ocrx_word')
  assert.deepEqual(words.map((word) => word.text()), [...LETTERS.split(' '), 'zwei'])
  for (const word of words) assert.match(word.get('title')!, /^bbox \d+ \d+ \d+ \d+; x_wconf \d+$/)
  assert.match(words[0]!.get('title')!, /^bbox 100 200 \d+ 240; x_wconf 87$/)
  assert.equal(withClass(pages[1]!, 'ocr_carea').length, 1)
  assert.equal(withClass(pages[1]!, 'ocr_par').length, 2, 'a row is a paragraph')
  assert.equal(withClass(pages[2]!, 'ocr_line').length, 1, 'white space is no line')
  assert.ok(withClass(pages[2]!, 'ocrx_word')[0]!.text().startsWith(`<b>&"'`))
  const parents: Record<string, string> = {
    ...{ ocr_carea: 'ocr_page', ocr_par: 'ocr_carea', ocr_line: 'ocr_par', ocrx_word: 'ocr_line' },
  }
  for (const [inner, outer] of Object.entries(parents)) {
    const within = withClass(root, outer).flatMap((one) => withClass(one, inner))
    assert.equal(within.length, withClass(root, inner).length, `each ${inner} is in an ${outer}`)
  }
})

Deno.test('ALTO has what its schema asks for', async () => {
  const root = parseXml(await written('alto'))
  assert.equal(root.name, 'alto')
  assert.equal(root.get('xmlns'), 'http://www.loc.gov/standards/alto/ns-v4#')
  assert.deepEqual(root.children.map(({ name }) => name), ['Description', 'Layout'])
  const named = (name: string, of = root) => of.all().filter((one) => one.name === name)
  assert.equal(named('fileName')[0]!.text(), NAME)
  assert.deepEqual(named('Page').map((page) => page.get('PHYSICAL_IMG_NR')), ['1', '5', '6'])
  const strings = named('String', named('Page')[0])
  assert.deepEqual(strings.map((one) => one.get('CONTENT')), [...LETTERS.split(' '), 'zwei'])
  assert.equal(strings[0]!.get('WC'), '0.87')
  assert.equal(named('SP', named('Page')[0]).length, LETTERS.split(' ').length - 1)
  for (const name of ['Page', 'PrintSpace', 'TextBlock', 'TextLine', 'String', 'ComposedBlock']) {
    assert.ok(named(name).length > 0, name)
    for (const one of named(name)) {
      for (const side of ['WIDTH', 'HEIGHT', ...name === 'Page' ? [] : ['HPOS', 'VPOS']]) {
        assert.match(one.get(side)!, /^\d+$/, `${name} ${side}`)
      }
    }
  }
  const ids = root.all().flatMap((one) => one.get('ID') ?? [])
  assert.equal(new Set(ids).size, ids.length, 'no ID twice')
})

Deno.test('a document without pages is written, and outputs that are none are refused', async () => {
  for (const output of OUTPUTS.filter((one) => one !== 'pdf')) await written(output, [])
  const documents = createDocumentsHere({} as Tools)
  const odd = await documents.write('docx' as Output, [], NAME)
  assert.deepEqual(odd, {
    ...{ ok: false, reason: 'invalid_input' },
    message: 'There is no output "docx": use text, json, hocr, alto, pdf',
  })
  const closed = await documents.write('pdf', [], NAME)
  assert.ok(!closed.ok && closed.reason === 'invalid_input')
})
