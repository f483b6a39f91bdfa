/** Documents of many pages through Mistral's own client: cut, read in parts, put together. */
import assert from 'node:assert/strict'
import { Mistral } from '@mistralai/mistralai'
import { MistralError } from '@mistralai/mistralai/models/errors'
import { createKeyring, hashOf } from '../../src/coordinator/core/keys.ts'
import { bodyRoom } from '../../src/coordinator/http/bodies/body.ts'
import type { Behaviour } from '../coordinator/fixture.ts'
import { dataUri, DOCUMENTS, pdf, reader, type Scene, withOcr } from './ocr_scene.ts'

const encoder = new TextEncoder()
const PDF = 'application/pdf'
const keys = ['one', 'two', 'three'].map((name) => `key-of-${name}-that-is-long-enough`)
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

const withCut = (test: (scene: Scene) => Promise<void>) => withOcr(test)

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

Deno.test('mistral: documents whose pages are being read keep no other from being opened', () => {
  const isLong = (bytes: Uint8Array) => new TextDecoder().decode(bytes).startsWith('%PDF-1000')
  /** Long ones are never read to their end. */
  const behave: Behaviour = (batch) => batch.blobs.some(isLong) ? undefined : reader(batch)
  return withOcr(
    async ({ url, coordinator, node }) => {
      const left = new AbortController()
      const long = [1, 2].map(() =>
        fetch(`${url}/v1/ocr`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-request-timeout-ms': '600000' },
          body: JSON.stringify({
            model: null,
            document: { type: 'document_url', document_url: dataUri(pdf(400, 1000), PDF) },
          }),
          signal: left.signal,
        }).catch(() => {})
      )
      const asked = () => node.batches.filter(({ blobs }) => blobs.some(isLong)).length
      while (asked() < 2) await new Promise((done) => setTimeout(done, 5))
      assert.equal((await ask(url, pdf(9), undefined, 60_000)).pages.length, 9)
      assert.ok(coordinator.pool.queriesInFlight() > 0, 'the long ones are still inside')
      left.abort()
      await Promise.all(long)
    },
    [DOCUMENTS],
    {},
    behave,
    { slots: 32 },
  )
})

Deno.test('mistral: no caller has all places, however long its documents take to open', () => {
  const keyring = createKeyring(
    keys.map((key, i) => ({ name: `${i}`, role: 'client' as const, sha256: hashOf(key) })),
  )
  return withOcr(
    async ({ url }) => {
      const as = (key: string, bytes: Uint8Array, timeoutMs: number) =>
        new Mistral({ serverURL: url, apiKey: key }).ocr.process(
          { model: null, document: documentOf(bytes) },
          { headers: { 'x-request-timeout-ms': `${timeoutMs}` } },
        )
      const hang = encoder.encode('%PDF-hang')
      const slow = [1, 2, 3].map(() => rejection(as(keys[0]!, hang, 5000)))
      let isOver = false
      void Promise.all(slow).then(() => isOver = true)
      assert.equal((await as(keys[1]!, pdf(9), 60_000)).pages.length, 9)
      assert.ok(!isOver, 'those of the other caller are still at it')
      await Promise.all(slow)
    },
    [DOCUMENTS],
    { keyring },
  )
})

Deno.test('mistral: a file that is named counts as a body before it is read', () =>
  withOcr(async ({ url }) => {
    const client = new Mistral({ serverURL: url, apiKey: 'none' })
    const file = new File([pdf(2), new Uint8Array(2 ** 20)], 'two.pdf', { type: PDF })
    const { id } = await client.files.upload({ file, purpose: 'ocr' })
    const named = () =>
      fetch(`${url}/v1/ocr`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: null, document: { type: 'file', file_id: id } }),
      })
    // What this machine may have in all, but for half of that file.
    const others = 384 * 2 ** 20 - 2 ** 19
    bodyRoom.hold(others, undefined)
    try {
      const response = await named()
      assert.equal(response.status, 429, await response.text())
      assert.equal(response.headers.get('retry-after'), '1')
      assert.equal(bodyRoom.bytes, others)
    } finally {
      bodyRoom.hold(-others, undefined)
    }
    const response = await named()
    assert.equal(response.status, 200, await response.text())
    assert.equal(bodyRoom.bytes, 0)
  }))

Deno.test('mistral: a part that fails is what the call gets, and the rest is given up', () =>
  withOcr(
    async ({ url, coordinator }) => {
      const [status, { code }] = await rejection(ask(url, pdf(400), undefined, 60_000))
      assert.deepEqual([status, code], [400, 'invalid_input'])
      const { pool } = coordinator
      while (pool.queriesInFlight() > 0) await new Promise((done) => setTimeout(done, 1))
      assert.ok(pool.stats().pipelines['documents']!.arrived < 100)
    },
    [DOCUMENTS],
    {},
    ({ message }) => ({
      items: message.items.map(() => ({
        ok: false,
        reason: 'invalid_input',
        message: 'Cannot read',
      })),
    }),
  ))

Deno.test('mistral: a file that was uploaded is read by its id and by its URL, as its own client and LibreChat do', () =>
  withOcr(async (scene) => {
    const { url } = scene
    const client = new Mistral({ serverURL: url, apiKey: 'none' })
    const { id, purpose, sizeBytes } = await client.files.upload({
      file: new File([pdf(2)], 'two.pdf', { type: 'application/pdf' }),
      purpose: 'ocr',
    })
    assert.deepEqual([purpose, sizeBytes], ['ocr', pdf(2).length])
    const byId = await client.ocr.process({ model: null, document: { type: 'file', fileId: id } })
    assert.equal(byId.pages.length, 2)
    const signed = await client.files.getSignedUrl({ fileId: id, expiry: 24 })
    assert.equal(new URL(signed.url).origin, url)
    assert.deepEqual(new Uint8Array(await (await fetch(signed.url)).arrayBuffer()), pdf(2))
    for (const address of [signed.url, signed.url.replace('localhost', '127.0.0.1')]) {
      const byUrl = await client.ocr.process({ model: null, document: { documentUrl: address } })
      assert.deepEqual(byUrl.pages, byId.pages)
    }
    const elsewhere = [
      signed.url.replace('localhost', 'example.org'),
      signed.url.replace(/:\d+/, ':1'),
      signed.url.replace('/content', ''),
      signed.url.replace('http:', 'ftp:'),
    ]
    for (const address of elsewhere) {
      const [status, { message }] = await rejection(
        client.ocr.process({ model: null, document: { documentUrl: address } }),
      )
      assert.equal(status, 400, address)
      assert.match(message, /nothing is fetched from elsewhere/)
    }
    await client.files.delete({ fileId: id })
    const [status] = await rejection(client.files.getSignedUrl({ fileId: id }))
    assert.equal(status, 404)
    const [gone, { code }] = await rejection(
      client.ocr.process({ model: null, document: { documentUrl: signed.url } }),
    )
    assert.deepEqual([gone, code], [404, 'not_found'])
  }))

Deno.test('mistral: a file of another key is not there', () => {
  // Without an admin's key, whoever calls from this machine is one.
  const roles = ['client', 'client', 'admin'] as const
  const keyring = createKeyring(
    keys.map((key, i) => ({ name: `${i}`, role: roles[i]!, sha256: hashOf(key) })),
  )
  return withOcr(
    async ({ url }) => {
      const [mine, theirs] = keys.map((key) => new Mistral({ serverURL: url, apiKey: key }))
      const file = new File([pdf(1)], 'one.pdf')
      const { id } = await mine!.files.upload({ file, purpose: 'ocr' })
      const signed = await mine!.files.getSignedUrl({ fileId: id })
      const asked = { model: null, document: { documentUrl: signed.url } }
      assert.equal((await mine!.ocr.process(asked)).pages.length, 1)
      assert.equal((await rejection(theirs!.ocr.process(asked)))[0], 404)
      assert.equal((await rejection(theirs!.files.getSignedUrl({ fileId: id })))[0], 404)
    },
    [DOCUMENTS],
    { keyring },
  )
})
