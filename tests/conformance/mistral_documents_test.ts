/** Documents of many pages through Mistral's own client: cut, read in parts, put together. */
import assert from 'node:assert/strict'
import { Mistral } from '@mistralai/mistralai'
import { MistralError } from '@mistralai/mistralai/models/errors'
import { CUTS, dataUri, DOCUMENTS, OCR, pdf, type Scene, withOcr } from './ocr_scene.ts'

const encoder = new TextEncoder()
const documentOf = (bytes: Uint8Array) => ({ documentUrl: dataUri(bytes, 'application/pdf') })

function ask(url: string, bytes: Uint8Array, pages?: string | number[], timeoutMs?: number) {
  const client = new Mistral({ serverURL: url, apiKey: 'none' })
  const headers = timeoutMs === undefined ? {} : { 'x-request-timeout-ms': `${timeoutMs}` }
  return client.ocr.process({ model: null, document: documentOf(bytes), pages }, { headers })
}

/** Ranges that the node was sent, as `first count`. */
const sentTo = ({ node }: Scene) =>
  node.batches.flatMap(({ blobs }) =>
    blobs.map((bytes) =>
      /^%PDF-(\d+ \d+)/.exec(new TextDecoder().decode(bytes.subarray(0, 100)))![1]
    )
  )

const withCut = (test: (scene: Scene) => Promise<void>) => withOcr(test, [OCR, DOCUMENTS], CUTS)

const rejection = (
  asking: Promise<unknown>,
): Promise<[number, { code: string; message: string }]> =>
  asking.then(() => assert.fail('it was answered'), (error) => {
    assert.ok(error instanceof MistralError, String(error))
    return [error.statusCode, JSON.parse(error.body)]
  })

Deno.test('mistral: a long document is read in parts, and its pages are told in order', () =>
  withCut(async (scene) => {
    const { pages, usageInfo } = await ask(scene.url, pdf(50))
    assert.deepEqual(pages.map(({ index }) => index), Array.from({ length: 50 }, (_, i) => i))
    pages.forEach(({ markdown }, i) => assert.match(markdown, new RegExp(`page ${i}\n`)))
    assert.equal(usageInfo.pagesProcessed, 50)
    const sent = sentTo(scene)
    assert.equal(sent.length, 13)
    assert.ok(sent.includes('0 4') && sent.includes('48 2'))
  }))

Deno.test('mistral: a short document goes through as it came, in one piece', () =>
  withCut(async (scene) => {
    assert.equal((await ask(scene.url, pdf(4))).pages.length, 4)
    assert.deepEqual(sentTo(scene), ['0 4'])
  }))

Deno.test('mistral: of pages that are asked for, no others are read', () =>
  withCut(async (scene) => {
    const { pages } = await ask(scene.url, pdf(1000), '7, 990-995,8,7')
    assert.deepEqual(pages.map(({ index }) => index), [7, 8, 990, 991, 992, 993, 994, 995])
    assert.deepEqual(sentTo(scene).sort(), ['7 2', '990 4', '994 2'])
    const [status, { message }] = await rejection(ask(scene.url, pdf(1000), [1000]))
    assert.equal(status, 400)
    assert.match(message, /no page 1000: the document has 1000/)
  }))

Deno.test('mistral: what is too large for one message is cut smaller', () =>
  withCut(async (scene) => {
    const { pages } = await ask(scene.url, encoder.encode(`%PDF-0 5 ${3 * 1024 * 1024}`))
    assert.equal(pages.length, 5)
    assert.deepEqual(sentTo(scene).sort(), ['0 2', '2 2', '4 1'])
  }))

Deno.test('mistral: what cannot be opened is told, and the next document is read all the same', () =>
  withCut(async ({ url }) => {
    const [status, { code, message }] = await rejection(ask(url, encoder.encode('%PDF-locked')))
    assert.deepEqual([status, code], [400, 'invalid_input'])
    assert.match(message, /encrypted/)
    const [died, fault] = await rejection(ask(url, encoder.encode('%PDF-die')))
    assert.deepEqual([died, fault.code], [500, 'internal'])
    assert.match(fault.message, /its worker died: .*out of memory/)
    const hang = encoder.encode('%PDF-hang')
    // Two are open at once: the others wait, and none longer than its deadline.
    const late = await Promise.all(
      [1, 2, 3, 4].map(() => rejection(ask(url, hang, undefined, 300))),
    )
    for (const [status, { code }] of late) {
      assert.deepEqual([status, code], [504, 'deadline_exceeded'])
    }
    assert.equal((await ask(url, pdf(9))).pages.length, 9)
  }))

Deno.test('mistral: a part that fails is what the call gets, and the rest is given up', () =>
  withOcr(
    async ({ url, coordinator }) => {
      const [status, { code }] = await rejection(ask(url, pdf(400), undefined, 60_000))
      assert.deepEqual([status, code], [400, 'invalid_input'])
      assert.equal(coordinator.pool.queriesInFlight(), 0)
      assert.ok(coordinator.pool.stats().pipelines['documents']!.arrived < 100)
    },
    [DOCUMENTS],
    CUTS,
    ({ message }) => ({
      items: message.items.map(() => ({
        ok: false,
        reason: 'invalid_input',
        message: 'Cannot read',
      })),
    }),
  ))
