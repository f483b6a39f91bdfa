/** Requests of any make: each gets one answer of the contract, and the pool is as well as before. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import { SCHEMAS } from '../../src/coordinator/apis/openapi/components.ts'
import { PIXEL_PNG } from '../coordinator/fixture.ts'
import { imageBinary, imageJson } from '../conformance/oip_client.ts'
import { picture, withPages } from '../conformance/oip_scene.ts'
import { encode, frame, rawGet, UPGRADE } from '../coordinator/raw_socket.ts'
import { altered, anyJson, checkAnswer, damaged, HANG_MS, runs } from './fuzz.ts'

const json = (value: unknown) => encode(JSON.stringify(value) ?? '')

interface Sent {
  body: Uint8Array<ArrayBuffer>
  headers: Record<string, string>
}

async function post({ url }: Coordinator, path: string, { body, headers }: Sent) {
  const response = await fetch(url + path, {
    ...{ method: 'POST', headers, body },
    signal: AbortSignal.timeout(HANG_MS),
  })
  const isV1 = path.startsWith('/v1')
  return await checkAnswer(response, isV1 ? SCHEMAS.InferAnswer : SCHEMAS.InferenceResponse)
}

/** Whatever came before, a good picture is answered. */
async function isWell(coordinator: Coordinator) {
  const good = { body: picture(2), headers: { 'content-type': 'image/png' } }
  assert.equal(await post(coordinator, '/v1/pipelines/pages/infer', good), 200)
}

/** What HTTP allows in a header. */
const word = fc.string({ unit: fc.constantFrom(...'abcXYZ0159.-+_,;= %"/e'), maxLength: 30 })
  .map((text) => text.trim())
const wild = fc.record({
  'content-type': fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('image/png', 'application/json') },
    fc.constantFrom('image/jpeg', 'IMAGE/PNG; q=1', 'text/plain', 'application/octet-stream', ''),
    word,
  ),
  'x-request-timeout-ms': fc.oneof(
    fc.constantFrom('1', '50', '5000', '60000', '600000', '600001', '0', '-1', '1e3', '1.5'),
    word,
  ),
  'x-min-accuracy': fc.oneof(fc.constantFrom('0', '1', '0.5', '.7', '1.1', 'NaN', '1e-3'), word),
  'x-request-id': word,
  traceparent: word,
  authorization: fc.oneof(fc.constantFrom('Bearer', 'Bearer x', 'Basic YTpi'), word),
  'inference-header-content-length': fc.oneof(
    fc.constantFrom('0', '10', '99999999999', '-1', ' ', '0x10'),
    word,
  ),
}, { requiredKeys: ['content-type'] }) as fc.Arbitrary<Record<string, string>>
/** Mostly those that let the body be looked at: one fault hides all behind it. */
const headers = fc.oneof(
  { weight: 2, arbitrary: wild },
  {
    weight: 3,
    arbitrary: fc.record({
      'content-type': fc.constantFrom('image/png', 'image/png', 'application/json'),
      'x-request-timeout-ms': fc.constantFrom('2000', '60000'),
      'x-min-accuracy': fc.constantFrom('0', '.7'),
    }, { requiredKeys: ['content-type'] }) as fc.Arbitrary<Record<string, string>>,
  },
)

const v1Json = { inputs: [imageJson([PIXEL_PNG])] }
const v2Json = {
  id: '1',
  parameters: { timeout: 2_000_000, min_accuracy: 0.1, binary_data_output: false },
  inputs: [imageJson([PIXEL_PNG, picture(1)])],
  outputs: [{ name: 'text', parameters: { binary_data: true } }, { name: 'box' }],
}

Deno.test('http: any body under any headers gets an answer of the contract', () =>
  withPages(async (coordinator) => {
    const body = fc.oneof(
      damaged([PIXEL_PNG, picture(3)]),
      altered(v1Json).map(json),
      anyJson.map(json),
      fc.uint8Array({ maxLength: 100 }).map((any) => Uint8Array.from(any)),
      fc.constantFrom(20_000, 200_000).map((deep) => encode('['.repeat(deep))),
    ) as fc.Arbitrary<Uint8Array<ArrayBuffer>>
    const name = fc.constantFrom('pages', 'pages', 'pages', 'none', '..%2f', '%00', 'p%61ges')
    const seen = new Set<number>()
    await fc.assert(
      fc.asyncProperty(body, headers, name, async (body, headers, name) => {
        seen.add(await post(coordinator, `/v1/pipelines/${name}/infer`, { body, headers }))
      }),
      runs(0.12),
    )
    // Some came all the way through, others no further than each of the doors.
    for (const status of [200, 400, 404, 415]) assert.ok(seen.has(status), String(status))
    await isWell(coordinator)
    assert.equal(coordinator.pool.queriesInFlight(), 0)
  }))

Deno.test('http: any request of the Open Inference Protocol, tensors included, likewise', () =>
  withPages(async (coordinator) => {
    const { input, bytes } = imageBinary([PIXEL_PNG, picture(2)])
    const binary = fc.record({
      head: altered({ inputs: [input] }),
      tail: damaged([bytes]),
      off: fc.constantFrom(0, 0, 0, 1, -1, 1000),
    }).map(({ head, tail, off }): Sent => {
      const start = json(head)
      return {
        body: Uint8Array.from([...start, ...tail]),
        headers: {
          'content-type': 'application/octet-stream',
          'inference-header-content-length': String(start.length + off),
        },
      }
    })
    const types = fc.constantFrom({ 'content-type': 'application/json' }, {})
    const plain = fc.record({
      body: altered(v2Json).map(json),
      headers: fc.oneof(wild, types),
    }) as fc.Arbitrary<Sent>
    const path = fc.constantFrom('/v2/models/pages/infer', '/v2/models/pages/versions/1/infer')
    const seen = new Set<number>()
    await fc.assert(
      fc.asyncProperty(fc.oneof(binary, plain), path, async (sent, path) => {
        seen.add(await post(coordinator, path, sent))
      }),
      runs(0.12),
    )
    for (const status of [200, 400]) assert.ok(seen.has(status), String(status))
    await isWell(coordinator)
    assert.equal(coordinator.pool.queriesInFlight(), 0)
  }))

Deno.test('http: any path and method gets an answer of the contract', () =>
  withPages(async (coordinator) => {
    const part = fc.constantFrom(
      ...['v1', 'v2', 'pipelines', 'models', 'pages', 'nodes', 'one', 'drain', 'infer', 'stats'],
      ...[
        'health',
        'ready',
        'link',
        'metrics',
        '..',
        '%2e',
        '%ff',
        '',
        '*',
        ':id',
        'a'.repeat(3000),
      ],
    )
    const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS')
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 6 }), method, async (parts, method) => {
        const path = `/${parts.join('/')}`
        // What takes the node away is another test's matter, and a stream has no end.
        if (/nodes|events/.test(path)) return
        const response = await fetch(coordinator.url + path, {
          method,
          signal: AbortSignal.timeout(HANG_MS),
        })
        if (response.ok || path.endsWith('/ready')) return await response.body?.cancel()
        await checkAnswer(response, SCHEMAS.Error)
      }),
      runs(0.05),
    )
    await isWell(coordinator)
  }))

Deno.test('http: bytes that are no HTTP harm nobody', () =>
  withPages(async (coordinator) => {
    const { hostname, port } = new URL(coordinator.url)
    const start = encode(
      `POST /v1/pipelines/pages/infer HTTP/1.1\r\nHost: ${hostname}:${port}\r\n` +
        'Content-Type: image/png\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n' +
        '5\r\nabcde\r\n0\r\n\r\n',
    )
    const link = new Uint8Array([...rawGet('/v1/link', UPGRADE), ...frame('hello')])
    await fc.assert(
      fc.asyncProperty(damaged([start, link]), async (bytes) => {
        const conn = await Deno.connect({ hostname: '127.0.0.1', port: Number(port) })
        try {
          await conn.write(bytes)
          await conn.closeWrite()
          const buffer = new Uint8Array(4096)
          await conn.read(buffer)
        } catch (error) {
          // Closed on its side: that is an answer.
          if (!/reset|broken|closed/i.test(String(error))) throw error
        } finally {
          conn.close()
        }
      }),
      runs(0.03),
    )
    await isWell(coordinator)
  }))
