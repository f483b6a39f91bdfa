/** Bodies and answers that are compressed, byte by byte as `tritonclient.http` sends and reads them. */
import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import { inflate } from '../../src/coordinator/http/bodies/inflate.ts'
import { encodingFor } from '../../src/coordinator/http/compress.ts'
import { imageJson, packBytes, unpackBytes } from './oip_client.ts'
import { picture, textOf, withPages } from './oip_scene.ts'

const MIB = 1 << 20
const PACK = { gzip: gzipSync, deflate: deflateSync }
const UNPACK: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  gzip: gunzipSync,
  deflate: inflateSync,
}
type Encoding = keyof typeof PACK
const ENCODINGS = Object.keys(PACK) as Encoding[]

const encode = (text: string) => new TextEncoder().encode(text)

interface Reply {
  status: number
  headers: Record<string, string | string[] | undefined>
  /** As it came over the wire. */
  body: Uint8Array
}

/** `fetch` would ask for compression and undo it on its own. */
function post(url: string, body: Uint8Array, headers: Record<string, string>): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method: 'POST', headers }, async (response) => {
      const parts: Uint8Array[] = []
      for await (const part of response) parts.push(part)
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer()),
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** What the client makes of pictures when it is asked for no outputs in particular. */
function tritonRequest(pictures: readonly Uint8Array[]) {
  const raw = packBytes(pictures)
  const json = encode(
    `{"id":"7","inputs":[{"name":"image","shape":[${pictures.length}],"datatype":"BYTES",` +
      `"parameters":{"binary_data_size":${raw.length}}}],"parameters":{"binary_data_output":true}}`,
  )
  const body = new Uint8Array(json.length + raw.length)
  body.set(json)
  body.set(raw, json.length)
  return { body, headers: { 'Inference-Header-Content-Length': String(json.length) } }
}

/** As the client reads an answer: unpacks all of it, then takes the JSON from its head. */
function tritonResult({ headers, body }: Reply) {
  const encoding = headers['content-encoding']
  const bytes = encoding === undefined ? body : UNPACK[String(encoding)]!(body)
  const length = Number(headers['inference-header-content-length'])
  const json = JSON.parse(new TextDecoder().decode(bytes.subarray(0, length)))
  const outputs: Record<string, Uint8Array> = {}
  let at = length
  for (const { name, parameters } of json.outputs) {
    outputs[name] = bytes.subarray(at, at += parameters.binary_data_size)
  }
  assert.equal(at, bytes.length, 'all of it is an output')
  return { json, outputs }
}

const linesOf = (count: number) => Array.from({ length: count }, (_, line) => textOf(count, line))

Deno.test('v2: the body and the answer of the usual client are compressed as it asks', () =>
  withPages(async (_, models) => {
    const url = `${models}/pages/infer`
    const { body, headers } = tritonRequest([picture(3), picture(250)])
    for (const encoding of ENCODINGS) {
      const reply = await post(url, PACK[encoding](body), {
        ...headers,
        ...{ 'Content-Encoding': encoding, 'Accept-Encoding': encoding },
      })
      assert.equal(reply.status, 200, new TextDecoder().decode(reply.body))
      assert.equal(reply.headers['content-encoding'], encoding)
      assert.equal(reply.headers['vary'], 'accept-encoding')
      const { json, outputs } = tritonResult(reply)
      assert.equal(json.id, '7')
      assert.deepEqual(unpackBytes(outputs['text']!), [...linesOf(3), ...linesOf(250)])
      assert.equal(unpackBytes(outputs['result']!).length, 2)
    }
  }))

Deno.test('a picture and JSON may come compressed, to either API', () =>
  withPages(async ({ url }, models) => {
    const json = encode(JSON.stringify({ inputs: [imageJson([picture(2)])] }))
    const v1 = `${url}/v1/pipelines/pages/infer`
    const v2 = `${models}/pages/infer`
    const cases: [string, Uint8Array, string][] = [
      [v1, picture(2), 'image/png'],
      [v1, json, 'application/json'],
      [v2, json, 'application/json'],
    ]
    for (const [url, body, type] of cases) {
      for (const encoding of ENCODINGS) {
        const headers = { 'content-type': type, 'content-encoding': encoding.toUpperCase() }
        const reply = await post(url, PACK[encoding](body), headers)
        const { outputs } = JSON.parse(new TextDecoder().decode(reply.body))
        const texts = Array.isArray(outputs)
          ? outputs.find(({ name }) => name === 'text').data
          : outputs.lines.map(({ text }: { text: string }) => text)
        assert.deepEqual(texts, linesOf(2))
        assert.equal(reply.headers['content-encoding'], undefined, 'a short answer is as it is')
      }
    }
  }))

Deno.test('a long answer is compressed for who asks, and for nobody else', () =>
  withPages(async ({ url }) => {
    const ask = (headers: Record<string, string>) =>
      post(`${url}/v1/pipelines/pages/infer`, picture(250), {
        ...{ 'content-type': 'image/png', 'x-request-id': 'same' },
        ...headers,
      })
    const outputsOf = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)).outputs
    const plain = await ask({})
    assert.equal(plain.headers['content-encoding'], undefined)
    for (const encoding of ENCODINGS) {
      const reply = await ask({ 'accept-encoding': encoding })
      assert.equal(reply.headers['content-encoding'], encoding)
      assert.equal(reply.headers['x-request-id'], 'same')
      assert.equal(reply.headers['content-type'], 'application/json')
      assert.ok(reply.body.length < plain.body.length)
      assert.deepEqual(outputsOf(UNPACK[encoding]!(reply.body)), outputsOf(plain.body))
    }
    for (const taken of ['', 'br', 'gzip;q=0, deflate; q=0.000']) {
      const { headers } = await ask({ 'accept-encoding': taken })
      assert.equal(headers['content-encoding'], undefined, taken)
    }
  }))

Deno.test('encodingFor() takes the first of ours that is not ruled out', () => {
  const of = (taken: string) => encodingFor(new Headers({ 'accept-encoding': taken }))
  assert.equal(encodingFor(new Headers()), undefined)
  assert.equal(of('br, deflate;q=0.5, GZIP;q=0.1'), 'gzip')
  assert.equal(of('gzip;q=0, deflate'), 'deflate')
  assert.equal(of('gzip ; q=0'), undefined)
})

/** Bytes that tell how many of them were taken. */
class Watched extends Uint8Array<ArrayBuffer> {
  taken = 0
  override slice(from = 0, end = this.length): Uint8Array<ArrayBuffer> {
    this.taken = Math.max(this.taken, Math.min(end, this.length))
    return new Uint8Array(this.subarray(from, end))
  }
}

Deno.test('inflate() ends where too much has come of a body, and unpacks no more of it', async () => {
  for (const encoding of ENCODINGS) {
    const packed = PACK[encoding](new Uint8Array(128 * MIB))
    const bytes = new Watched(packed.buffer as ArrayBuffer, packed.byteOffset, packed.byteLength)
    await assert.rejects(inflate(bytes, encoding, 20 * MIB), {
      ...{ reason: 'too_large', message: /inflates to over 20971520 bytes/ },
    })
    // Steps of 16 KiB, of at most 16 MiB each: two are too much, and one is read ahead.
    assert.ok(bytes.taken <= 3 * 16 * 1024, `${bytes.taken} of ${bytes.length} bytes`)
    const exact = PACK[encoding](new Uint8Array(MIB))
    assert.equal((await inflate(exact, encoding, MIB)).byteLength, MIB)
    await assert.rejects(inflate(exact, encoding, MIB - 1), { reason: 'too_large' })
  }
})

Deno.test('what is not compressed as it says, or not whole, or inflates to too much, is refused', () =>
  withPages(async ({ url }, models) => {
    const png = picture(2)
    const packed = gzipSync(png)
    const damaged = Uint8Array.from(packed)
    damaged[12]! ^= 0xff
    const cases: [string, Uint8Array, string, number, RegExp][] = [
      ['gzip', png, 'png as gzip', 400, /not whole gzip/],
      ['deflate', packed, 'gzip as deflate', 400, /not whole deflate/],
      ['gzip', packed.subarray(0, -9), 'cut short', 400, /not whole gzip/],
      ['gzip', damaged, 'damaged', 400, /not whole gzip/],
      ['gzip', new Uint8Array(0), 'empty', 400, /not whole gzip/],
      [
        'gzip',
        gzipSync(new Uint8Array(33 * MIB)),
        'a bomb',
        413,
        /inflates to over 33554432 bytes/,
      ],
      ['br', png, 'another encoding', 415, /content-encoding br: send gzip, deflate/],
      ['gzip, gzip', gzipSync(packed), 'two of them', 415, /content-encoding gzip, gzip/],
    ]
    for (const path of [`${url}/v1/pipelines/pages/infer`, `${models}/pages/infer`]) {
      const type = path.includes('/v1/') ? 'image/png' : 'application/octet-stream'
      for (const [encoding, body, what, status, error] of cases) {
        const headers = { 'content-type': type, 'content-encoding': encoding }
        const reply = await post(path, body, { ...headers, 'inference-header-content-length': '0' })
        const { error: told } = JSON.parse(new TextDecoder().decode(reply.body))
        assert.equal(reply.status, status, `${what}: ${told}`)
        assert.match(told, error)
      }
    }
  }))
