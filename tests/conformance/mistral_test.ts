/** Mistral's own client against the calls that it is meant for. */
import assert from 'node:assert/strict'
import { Mistral } from '@mistralai/mistralai'
import { MistralError } from '@mistralai/mistralai/models/errors'
import { hashOf } from '../../src/coordinator/core/keys.ts'
import {
  createKeyring,
  dataUri,
  DOCUMENTS,
  OCR,
  pdf,
  PICTURE,
  PIXEL_PNG,
  withOcr,
} from './ocr_scene.ts'
import { pngOf } from '../stages/turned_png.ts'

const clientOf = (serverURL: string, apiKey = 'none') => new Mistral({ serverURL, apiKey })
type Request = Parameters<Mistral['ocr']['process']>[0]

/** As large as what is read on it. */
const PAPER = pngOf({ width: 120, height: 80, data: new Uint8Array(4 * 120 * 80) })
const picture = { type: 'image_url' as const, imageUrl: PICTURE }

/** With so many bytes of pixels more; nobody decodes it. */
function largePng(bytes: number): Uint8Array {
  const at = PIXEL_PNG.length - 12
  const png = new Uint8Array(PIXEL_PNG.length + 12 + bytes)
  png.set(PIXEL_PNG.subarray(0, at))
  new DataView(png.buffer).setUint32(at, bytes)
  png.set(new TextEncoder().encode('IDAT'), at + 4)
  png.set(PIXEL_PNG.subarray(at), png.length - 12)
  return png
}

interface Told {
  message: string
  type: string
  param: string | null
  code: string
}

async function refusal(asking: Promise<unknown>): Promise<[number, Told]> {
  const error = await asking.then(() => assert.fail('it was answered'), (error) => error)
  assert.ok(error instanceof MistralError, String(error))
  return [error.statusCode, JSON.parse(error.body)]
}

Deno.test('mistral: a picture is a page of lines, with their area and how sure they are', () =>
  withOcr(async ({ url }) => {
    const read = await clientOf(url).ocr.process({
      model: 'mistral-ocr-latest',
      document: { type: 'image_url', imageUrl: { url: dataUri(PAPER, 'image/png') } },
      confidenceScoresGranularity: 'block',
    })
    assert.equal(read.model, 'ocr')
    assert.equal(read.documentAnnotation, null)
    assert.deepEqual(read.usageInfo, {
      pagesProcessed: 1,
      docSizeBytes: read.usageInfo.docSizeBytes,
    })
    assert.ok(read.usageInfo.docSizeBytes! > 0)
    const markdown = 'Total: \\*12\\* €\n1\\. Grüße \\| x'
    assert.deepEqual(read.pages, [{
      index: 0,
      markdown,
      images: [],
      dimensions: { dpi: 72, height: 80, width: 120 },
      confidenceScores: { averagePageConfidenceScore: 0.625, minimumPageConfidenceScore: 0.5 },
      blocks: [{
        type: 'text',
        ...{ topLeftX: 10, topLeftY: 20, bottomRightX: 110, bottomRightY: 70 },
        content: markdown,
        confidenceScores: {
          averageContentConfidenceScore: 0.625,
          minimumContentConfidenceScore: 0.5,
        },
      }],
    }])
  }, [OCR]))

Deno.test('mistral: a PDF is read by `documents`, page by page', () =>
  withOcr(async ({ url }) => {
    const read = await clientOf(url).ocr.process({
      model: null,
      document: {
        type: 'document_url',
        documentUrl: dataUri(pdf(3), 'application/pdf'),
        documentName: 'three.pdf',
      },
      pages: '2,0',
    })
    assert.equal(read.model, 'documents')
    assert.deepEqual(read.pages.map(({ index }) => index), [0, 2])
    const [, { markdown, dimensions, blocks } = assert.fail()] = read.pages
    assert.equal(markdown, '\\# page 2\n\n| a | b |\n| --- | --- |\n| 1 | 2\\|3 |')
    assert.deepEqual(dimensions, { dpi: 72, height: 800, width: 600 })
    assert.deepEqual(blocks?.map(({ type }) => type), ['text', 'table'])
    assert.equal(read.usageInfo.pagesProcessed, 2)
  }))

Deno.test('mistral: what is not there is refused by name, what asks for nothing is passed over', () =>
  withOcr(async ({ url, coordinator }) => {
    const client = clientOf(url)
    const schema = { type: 'json_schema' as const, jsonSchema: { name: 'x', schemaDefinition: {} } }
    const refused: [string, Partial<Request>][] = [
      ['include_image_base64', { includeImageBase64: true }],
      ['bbox_annotation_format', { bboxAnnotationFormat: schema }],
      ['document_annotation_format', { documentAnnotationFormat: schema }],
      ['document_annotation_prompt', { documentAnnotationPrompt: 'What is it?' }],
      ['table_format', { tableFormat: 'html' }],
      ['extract_header', { extractHeader: true }],
      ['extract_footer', { extractFooter: true }],
      ['confidence_scores_granularity', { confidenceScoresGranularity: 'word' }],
      ['pages', { pages: [1] }],
      ['pages', { pages: '3-1' }],
      ['pages', { pages: 'first' }],
      ['pages', { pages: '' }],
      ['document.document_url', { document: { documentUrl: 'https://example.org/a.pdf' } }],
      ['document.document_url', { document: { documentUrl: 'file:///etc/passwd' } }],
      ['document.document_url', { document: { documentUrl: 'data:application/pdf,plain' } }],
      ['document.document_url', { document: { documentUrl: dataUri(pdf(1).subarray(3), '') } }],
      ['document.document_url', { document: { documentUrl: 'data:application/pdf;base64,' } }],
      ['document.image_url', { document: { imageUrl: 'http://localhost:1/a.png' } }],
      ['document.image_url', { document: { imageUrl: 'data:image/png;base64,%%' } }],
      ['document.image_url.url', { document: { imageUrl: { url: `${PICTURE.slice(0, 60)}` } } }],
      ['document.file_id', { document: { fileId: 'nobody' } }],
      ['document', { document: { documentUrl: dataUri(pdf(1), 'application/pdf') }, model: 'ocr' }],
      ['model', { model: 'pixtral' }],
    ]
    for (const [param, more] of refused) {
      const asked = { model: 'mistral-ocr-latest', document: picture, ...more }
      const [status, { code, ...told }] = await refusal(client.ocr.process(asked))
      assert.ok(status >= 400 && status < 500, `${param}: ${status}`)
      assert.equal(told.param, param)
      assert.equal(told.type, 'invalid_request_error')
      assert.match(told.message, /^Cannot /)
      assert.ok(code !== 'internal')
    }
    assert.equal(coordinator.pool.stats().pipelines['documents']?.arrived, 0)
    // As LibreChat and others send it.
    const body = JSON.stringify({
      ...{ model: 'mistral-ocr-latest', image_limit: 0, include_image_base64: false, id: 'mine' },
      document: { type: 'image_url', image_url: PICTURE },
      ...{ pages: null, bbox_annotation_format: null, extract_header: false },
    })
    const headers = { 'content-type': 'application/json', 'x-request-id': 'one' }
    const response = await fetch(`${url}/v1/ocr`, { method: 'POST', body, headers })
    const { pages: [page] } = await response.json()
    assert.equal(response.headers.get('x-request-id'), 'one')
    assert.match(response.headers.get('server-timing') ?? '', /^total;dur=/)
    assert.equal('blocks' in page, false)
    assert.equal('confidence_scores' in page, false)
  }))

Deno.test('mistral: a picture of many megabytes is one query, too', () =>
  withOcr(async ({ url }) => {
    const imageUrl = dataUri(largePng(9 * 1024 * 1024), 'image/png')
    const asked = { model: null, document: { type: 'image_url' as const, imageUrl } }
    assert.equal((await clientOf(url).ocr.process(asked)).pages.length, 1)
  }))

Deno.test('mistral: an answer that is not all pages, each once, is none', () =>
  withOcr(
    async ({ url }) => {
      const documentUrl = dataUri(pdf(3), 'application/pdf')
      const [status, { code }] = await refusal(
        clientOf(url).ocr.process({ model: null, document: { documentUrl } }),
      )
      assert.deepEqual([status, code], [502, 'node_failed'])
    },
    [DOCUMENTS],
    {},
    ({ message }) => ({
      items: message.items.map(() => ({
        ok: true,
        fields: { pages: [{ index: 0, blocks: [] }, { index: 2, blocks: [] }] },
        children: {},
      })),
    }),
  ))

Deno.test('mistral: bodies that are none are refused in its shape', () =>
  withOcr(async ({ url }) => {
    const post = async (body: BodyInit, headers: Record<string, string> = {}) => {
      const type = { 'content-type': 'application/json' }
      const options = { method: 'POST', body, headers: { ...type, ...headers } }
      const response = await fetch(`${url}/v1/ocr`, options)
      const { object, code } = await response.json()
      assert.equal(object, 'error')
      return [response.status, code]
    }
    const whole = JSON.stringify({ document: { type: 'image_url', image_url: PICTURE } })
    assert.deepEqual(await post('{'), [400, 'invalid_input'])
    assert.deepEqual(await post('[]'), [400, 'invalid_input'])
    assert.deepEqual(await post('{"model": "ocr"}'), [400, 'invalid_input'])
    assert.deepEqual(await post('{"document": {"type": "note"}}'), [400, 'invalid_input'])
    assert.deepEqual(await post(whole, { 'content-type': 'text/plain' }), [415, 'unsupported_type'])
    assert.deepEqual(await post(whole, { 'x-request-timeout-ms': '0' }), [400, 'invalid_input'])
    assert.deepEqual(await post(whole, { 'x-min-accuracy': '2' }), [400, 'invalid_input'])
    assert.deepEqual(await post(whole, { 'content-encoding': 'gzip' }), [400, 'invalid_input'])
    const large = new Uint8Array(32 * 1024 * 1024 + 1)
    assert.deepEqual(await post(large), [413, 'too_large'])
    const many = `{"document": {"type": "file", "file_id": "a"}, "pages": [${
      '0,'.repeat(70_000)
    }0]}`
    assert.deepEqual(await post(many), [413, 'too_large'])
  }))

Deno.test('mistral: a deadline that passes is told as such, and the query is given up', () =>
  withOcr(
    async ({ url, coordinator }) => {
      const [status, { code, type }] = await refusal(
        clientOf(url).ocr.process({ model: null, document: picture }, {
          headers: { 'x-request-timeout-ms': '2000' },
        }),
      )
      assert.deepEqual([status, code, type], [504, 'deadline_exceeded', 'server_error'])
      assert.equal(coordinator.pool.queriesInFlight(), 0)
    },
    [OCR],
    {},
    () => undefined,
  ))

Deno.test('mistral: keys are those of all calls that ask', () => {
  const key = 'a-key-that-is-long-enough'
  const keyring = createKeyring([{ name: 'me', role: 'client', sha256: hashOf(key) }])
  return withOcr(
    async ({ url }) => {
      const asked = { model: 'ocr', document: picture }
      const [status, { type }] = await refusal(clientOf(url, 'wrong').ocr.process(asked))
      assert.deepEqual([status, type], [401, 'authentication_error'])
      assert.equal((await clientOf(url, key).ocr.process(asked)).pages.length, 1)
    },
    [OCR],
    { keyring },
  )
})
