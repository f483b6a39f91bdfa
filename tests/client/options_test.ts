/** Options of the client: what is sent of them, what is refused, and that no call waits for ever. */
import assert from 'node:assert/strict'
import { createClient } from '../../src/client/mod.ts'
import { readInferHeaders } from '../../src/coordinator/apis/common/infer_request.ts'
import { PIXEL_PNG } from '../coordinator/fixture.ts'
import { failure, timeoutOf, withServer } from './scene.ts'

Deno.test('infer() sends a timeout as the coordinator takes it, at the first try as well', () =>
  withServer(() => Response.json({ outputs: {} }), async (url, seen) => {
    const shoal = createClient(url)
    const given = [1000 / 3, 0, 0.4, 1e9, 600_000, 2000]
    for (const timeoutMs of given) await shoal.infer('ocr', PIXEL_PNG, { timeoutMs })
    assert.deepEqual(seen.map(timeoutOf), [333, 1, 1, 600_000, 600_000, 2000])
    await shoal.infer('ocr', PIXEL_PNG)
    assert.equal(seen.at(-1)?.get('x-request-timeout-ms'), null)
  }))

Deno.test('infer() refuses what no header can say before anything is sent', () =>
  withServer(() => Response.json({ outputs: {} }), async (url, seen) => {
    const shoal = createClient(url)
    for (const timeoutMs of [NaN, Infinity, -1, 'soon' as unknown as number]) {
      await assert.rejects(
        shoal.infer('ocr', PIXEL_PNG, { timeoutMs }),
        (error) => error instanceof RangeError && /Cannot use timeoutMs/.test(error.message),
      )
    }
    for (const requestId of ['größe', '日本', 'a b', '', 'x'.repeat(129), 'a\nb']) {
      await assert.rejects(
        shoal.infer('ocr', PIXEL_PNG, { requestId }),
        (error) => error instanceof RangeError && /Cannot use requestId/.test(error.message),
      )
    }
    for (const minAccuracy of [NaN, -0.1, 1.01, Infinity]) {
      await assert.rejects(
        shoal.infer('ocr', PIXEL_PNG, { minAccuracy }),
        (error) => error instanceof RangeError && /Cannot use minAccuracy/.test(error.message),
      )
    }
    await assert.rejects(createClient(url, { key: '日本' }).getPlan(), TypeError)
    assert.equal(seen.length, 0)
    await shoal.infer('ocr', PIXEL_PNG, { requestId: 'order-7/2' })
    assert.equal(seen[0]?.get('x-request-id'), 'order-7/2')
  }))

Deno.test('infer() refuses what is neither a picture nor tensors before anything is sent', () =>
  withServer(() => Response.json({ outputs: {} }), async (url, seen) => {
    const shoal = createClient(url)
    const strangers = ['page.jpg', undefined, null, 7, new ReadableStream(), { size: 1, type: '' }]
    for (const query of strangers) {
      await assert.rejects(
        shoal.infer('ocr', query as unknown as Blob),
        (error) => error instanceof TypeError && /Cannot send a picture/.test(error.message),
      )
    }
    assert.equal(seen.length, 0)
    for (const bytes of [PIXEL_PNG, PIXEL_PNG.buffer, new DataView(PIXEL_PNG.buffer)]) {
      await shoal.infer('ocr', bytes as ArrayBuffer)
      assert.equal(seen.at(-1)?.get('content-type'), 'image/png')
    }
  }))

Deno.test('infer() sends any least accuracy as the coordinator takes it', () =>
  withServer(() => Response.json({ outputs: {} }), async (url, seen) => {
    const given = [0, 1, 0.1 + 0.2, 1e-6, 1e-9, -0]
    for (const minAccuracy of given) {
      await createClient(url).infer('ocr', PIXEL_PNG, { minAccuracy })
      assert.equal(
        readInferHeaders(seen.at(-1)!, 1000).minAccuracy,
        minAccuracy < 1e-6 ? 0 : minAccuracy,
      )
    }
  }))

Deno.test('infer() sends its own options in place of headers of the same names', () =>
  withServer(() => Response.json({ outputs: {} }), async (url, seen) => {
    const headers = { Authorization: 'Basic eDp5', 'X-Min-Accuracy': '0.5', 'X-Request-Id': 'all' }
    await createClient(url, { headers }).infer('ocr', PIXEL_PNG)
    await createClient(url, { headers, key: 'mine' })
      .infer('ocr', PIXEL_PNG, { minAccuracy: 0.8, requestId: 'one' })
    const sent = seen.map((one) => Object.keys(headers).map((name) => one.get(name)))
    assert.deepEqual(sent, [['Basic eDp5', '0.5', 'all'], ['Bearer mine', '0.8', 'one']])
  }))

/** A refusal whose body begins and does not end. */
const unending = () =>
  new Response(
    new ReadableStream({ start: (body) => body.enqueue(new TextEncoder().encode('{')) }),
    { status: 503 },
  )

Deno.test('infer() ends by its signal or its time while a refusal is still on its way', () =>
  withServer(unending, async (url) => {
    const abort = new AbortController()
    const why = new Error('not wanted any more')
    const shoal = createClient(url, {
      fetch: (...call) =>
        fetch(...call).then((response) => {
          queueMicrotask(() => abort.abort(why))
          return response
        }),
    })
    const work = shoal.infer('ocr', PIXEL_PNG, { signal: abort.signal })
    assert.equal(await work.catch((error) => error), why)
    const late = await failure(createClient(url).infer('ocr', PIXEL_PNG, { timeoutMs: 50 }))
    assert.deepEqual([late.reason, late.status], ['deadline_exceeded', 0])
  }))

Deno.test('infer() without a timeout gives up ten minutes after nothing came back', async () => {
  const { setTimeout } = globalThis
  const waits: number[] = []
  await withServer(
    ({ signal }) => new Promise<Response>((done) => signal.onabort = () => done(new Response())),
    async (url) => {
      // Minutes pass in no time, all else as it does.
      globalThis.setTimeout = ((work: () => void, ms = 0) => {
        if (ms < 600_000) return setTimeout(work, ms)
        waits.push(ms)
        return setTimeout(work, 0)
      }) as typeof setTimeout
      try {
        const error = await failure(createClient(url).infer('ocr', PIXEL_PNG))
        assert.deepEqual([error.reason, error.status], ['deadline_exceeded', 0])
        assert.deepEqual(waits, [600_500])
      } finally {
        globalThis.setTimeout = setTimeout
      }
    },
  )
})

Deno.test('calls go below the path of the URL, as behind a proxy that serves more than a pool', async () => {
  const asked: string[] = []
  const record = (url: string | URL | Request) => {
    asked.push(String(url))
    return Promise.resolve(Response.json({ pipelines: [] }))
  }
  for (const url of ['http://a.test:1', 'http://a.test/pool', 'http://a.test/pool/?b#t=c']) {
    const shoal = createClient(url, { fetch: record })
    await shoal.getPipelines()
    await shoal.infer('a/b', PIXEL_PNG)
    for await (const _ of shoal.events());
    await shoal.request('POST', '/v1/nodes/one/pause')
  }
  const paths = ['v1/pipelines', 'v1/pipelines/a%2Fb/infer', 'v1/events', 'v1/nodes/one/pause']
  const starts = ['http://a.test:1/', 'http://a.test/pool/', 'http://a.test/pool/']
  assert.deepEqual(asked, starts.flatMap((start) => paths.map((path) => start + path)))
})
