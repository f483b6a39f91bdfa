/** LiteParse's `POST /ocr`, asked as its client does. */
import assert from 'node:assert/strict'
import { SAMPLE_PAGE, startServing, USUAL } from '../../src/cli/serve/serving.ts'
import type { LiteparseResults } from '../../src/coordinator/apis/adapters/schemas.ts'
import { hashOf } from '../../src/coordinator/core/keys.ts'
import { createKeyring, DOCUMENTS, OCR, PIXEL_PNG, TEXTS, withOcr } from './ocr_scene.ts'

/** As the client of version 2.14.7 writes it: the language is `eng` unless it is told another. */
function formOf(picture: Uint8Array<ArrayBuffer>, language?: string): FormData {
  const form = new FormData()
  form.append('file', new File([picture], 'image.png', { type: 'image/png' }))
  if (language !== undefined) form.append('language', language)
  return form
}

const post = (url: string, body: BodyInit, headers: Record<string, string> = {}) =>
  fetch(`${url}/ocr`, { method: 'POST', body, headers })

Deno.test('liteparse: the lines of a picture come with upright boxes and their corners', () =>
  withOcr(async ({ url }) => {
    const response = await post(url, formOf(PIXEL_PNG, 'eng'), { 'x-request-id': 'one' })
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('x-request-id'), 'one')
    assert.match(response.headers.get('server-timing') ?? '', /^total;dur=/)
    const [[first, sure, polygon], [second, unsure, corners]] = TEXTS as [
      typeof TEXTS[0],
      typeof TEXTS[0],
    ]
    assert.deepEqual(await response.json(), {
      results: [
        { text: first, confidence: sure, bbox: [10, 20, 110, 42], polygon },
        { text: second, confidence: unsure, bbox: [10, 50.5, 90, 70], polygon: corners },
      ],
    })
  }, [OCR]))

Deno.test('liteparse: languages in Latin script are read, however they are named', () =>
  withOcr(async ({ url }) => {
    for (const language of [undefined, '', 'en', 'eng', 'de', 'deu+fra', 'vi', 'pt-BR', 'tr']) {
      const response = await post(url, formOf(PIXEL_PNG, language))
      assert.equal(response.status, 200, `${language}`)
      await response.body?.cancel()
    }
    for (
      const language of ['zh', 'chi_sim', 'ru', 'en+ja', 'english', '??', 'en+', 'x'.repeat(200)]
    ) {
      const response = await post(url, formOf(PIXEL_PNG, language))
      const { error, reason } = await response.json()
      assert.deepEqual([response.status, reason], [400, 'invalid_input'], language)
      assert.match(error, /^Cannot use language /)
    }
  }, [OCR]))

/** A form by hand: parts are heads and contents. */
const written = (parts: [head: string, content: string][], end = '--b--\r\n') =>
  parts.map(([head, content]) => `--b\r\n${head}\r\n\r\n${content}\r\n`).join('') + end
const FILE = 'Content-Disposition: form-data; name="file"; filename="a.png"'

Deno.test('liteparse: what is no form with one picture is refused, and says why', () =>
  withOcr(async ({ url }) => {
    const twice = formOf(PIXEL_PNG)
    twice.append('file', new File([PIXEL_PNG], 'b.png'))
    const more = formOf(PIXEL_PNG)
    more.append('lang', 'en')
    const none = new FormData()
    none.append('language', 'en')
    const form = { 'content-type': 'multipart/form-data; boundary=b' }
    const cases: [
      status: number,
      error: RegExp,
      body: BodyInit,
      headers?: Record<string, string>,
    ][] = [
      [400, /more than once/, twice],
      [400, /"lang": the fields are/, more],
      [400, /field file, a picture, is missing/, none],
      [400, /empty body/, formOf(new Uint8Array())],
      [400, /not PNG, JPEG or WebP/, formOf(new TextEncoder().encode('%PDF-1.7'))],
      [400, /./, formOf(PIXEL_PNG.slice(0, 40))],
      [415, /send multipart\/form-data/, PIXEL_PNG, { 'content-type': 'image/png' }],
      [415, /\(none\)/, PIXEL_PNG],
      [400, /no boundary/, 'x', { 'content-type': 'multipart/form-data' }],
      [400, /no boundary/, 'x', {
        'content-type': `multipart/form-data; boundary=${'b'.repeat(71)}`,
      }],
      [400, /before its last boundary/, '', form],
      [400, /before its last boundary/, written([[FILE, 'x']], ''), form],
      [400, /something else/, '--bc\r\n', form],
      [400, /no content-disposition/, '--b\r\n\r\nx\r\n--b--', form],
      [400, /no content-disposition/, written([[`X: ${'y'.repeat(5000)}`, '']]), form],
      [400, /has no name/, written([['Content-Type: image/png', 'x']]), form],
      [400, /more than once/, written(Array.from({ length: 33 }, () => [FILE, ''])), form],
      [400, /x-request-timeout-ms/, formOf(PIXEL_PNG), { 'x-request-timeout-ms': 'soon' }],
    ]
    for (const [status, expected, body, headers] of cases) {
      const response = await post(url, body, headers)
      const { error, reason } = await response.json()
      assert.equal(response.status, status, `${expected}: ${error}`)
      assert.match(error, expected)
      assert.ok(reason === 'invalid_input' || reason === 'unsupported_type')
    }
    const large = await post(url, formOf(new Uint8Array(33 * 1024 * 1024)))
    assert.deepEqual([large.status, (await large.json()).reason], [413, 'too_large'])
  }, [OCR]))

Deno.test('liteparse: a form may have a head, blanks behind a boundary, and names without quotes', () =>
  withOcr(async ({ url }) => {
    const encoder = new TextEncoder()
    const body = new Uint8Array([
      ...encoder.encode(
        'for old readers\r\n--b  \r\ncontent-disposition:form-data;name=language\r\n\r\nde',
      ),
      ...encoder.encode(`\r\n--b\t\r\nContent-Type: image/png\r\n${FILE}\r\n\r\n`),
      ...PIXEL_PNG,
      ...encoder.encode('\r\n--b--'),
    ])
    const response = await post(url, body, { 'content-type': 'multipart/form-data; boundary="b"' })
    assert.equal((await response.json()).results.length, TEXTS.length)
  }, [OCR]))

Deno.test('liteparse: a large picture is read off the event loop', () =>
  withOcr(async ({ url }) => {
    // Behind the end of a PNG: what is no part of it is taken off.
    const padded = new Uint8Array([...PIXEL_PNG, ...new Uint8Array(400_000).fill(0x0d)])
    const response = await post(url, formOf(padded))
    assert.equal((await response.json()).results.length, TEXTS.length)
  }, [OCR]))

Deno.test('liteparse: without `ocr` there is nothing to ask, and without a key for it neither', async () => {
  await withOcr(async ({ url }) => {
    const response = await post(url, formOf(PIXEL_PNG))
    assert.deepEqual([response.status, (await response.json()).reason], [404, 'unknown_pipeline'])
  }, [DOCUMENTS])
  const key = 'a-key-that-is-long-enough'
  const keyring = createKeyring([{ name: 'me', role: 'client', sha256: hashOf(key) }])
  await withOcr(
    async ({ url }) => {
      const refused = await post(url, formOf(PIXEL_PNG))
      assert.deepEqual([refused.status, (await refused.json()).reason], [401, 'unauthorized'])
      const taken = await post(url, formOf(PIXEL_PNG), { authorization: `Bearer ${key}` })
      assert.equal((await taken.json()).results.length, TEXTS.length)
    },
    [OCR],
    { keyring },
  )
})

Deno.test('liteparse: a real page is read by a real node', async () => {
  const serving = await startServing(undefined, { variants: USUAL })
  try {
    await serving.addNode('reader')
    const form = new FormData()
    form.append('file', new File([await Deno.readFile(SAMPLE_PAGE)], 'page.jpg'))
    const response = await post(serving.url, form, { 'x-request-timeout-ms': '600000' })
    const { results } = await response.json() as LiteparseResults
    assert.equal(response.status, 200)
    assert.ok(results.some(({ text }) => text.includes('Harbour')))
    for (const { bbox: [left, top, right, bottom], polygon } of results) {
      assert.ok(left < right && top < bottom)
      assert.ok(polygon.every(([x, y]) => x >= left && x <= right && y >= top && y <= bottom))
    }
  } finally {
    await serving.end()
  }
})
