import assert from 'node:assert/strict'
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import { ask, joinScripted, PIXEL_PNG, untilReady, withCoordinator } from './fixture.ts'

/** The header of a PNG of that many pixels; the picture itself is not needed to refuse it. */
function pngOf(width: number, height: number): Uint8Array<ArrayBuffer> {
  const png = PIXEL_PNG.slice()
  const view = new DataView(png.buffer)
  view.setUint32(16, width)
  view.setUint32(20, height)
  return png
}

interface Case {
  what: string
  headers?: Record<string, string>
  body?: BodyInit
  pipeline?: string
  status: number
  reason: string
}

const CASES: Case[] = [
  { what: 'an empty body', body: '', status: 400, reason: 'invalid_input' },
  { what: 'text called image/png', body: 'hello', status: 400, reason: 'invalid_input' },
  {
    what: 'a PNG called image/jpeg',
    headers: { 'content-type': 'image/jpeg' },
    ...{ status: 400, reason: 'invalid_input' },
  },
  {
    what: 'a PNG cut in its header',
    body: PIXEL_PNG.slice(0, 20),
    status: 400,
    reason: 'invalid_input',
  },
  { what: 'a picture of 0 pixels', body: pngOf(0, 4), status: 400, reason: 'invalid_input' },
  { what: '12,000 x 12,000 pixels', body: pngOf(12e3, 12e3), status: 413, reason: 'too_large' },
  { what: 'a side of 10,001', body: pngOf(10_001, 1), status: 413, reason: 'too_large' },
  { what: '50 M pixels and more', body: pngOf(7100, 7100), status: 413, reason: 'too_large' },
  {
    what: 'a body of 60 MB',
    body: new Uint8Array(60_000_000),
    ...{ status: 413, reason: 'too_large' },
  },
  {
    what: 'a body of 40 MB in chunks of unknown number',
    body: new ReadableStream({
      pull: ((left) => (controller: ReadableStreamDefaultController) =>
        left-- > 0 ? controller.enqueue(new Uint8Array(1e6)) : controller.close())(40),
    }),
    ...{ status: 413, reason: 'too_large' },
  },
  {
    what: 'another content type',
    headers: { 'content-type': 'text/plain' },
    ...{ status: 415, reason: 'unsupported_type' },
  },
  {
    what: 'a body that is compressed in a way that is not taken',
    headers: { 'content-encoding': 'br' },
    ...{ status: 415, reason: 'unsupported_type' },
  },
  {
    what: 'a body that is not compressed as it says',
    headers: { 'content-encoding': 'gzip' },
    ...{ status: 400, reason: 'invalid_input' },
  },
  {
    what: 'JSON that is none',
    headers: { 'content-type': 'application/json' },
    body: '{',
    ...{ status: 400, reason: 'invalid_input' },
  },
  { what: 'an unknown pipeline', pipeline: 'nope', status: 404, reason: 'unknown_pipeline' },
  ...['-5', '0', '1e3', '3.5', '600001', '99999999999', 'soon', ''].map((timeout) => ({
    what: `a timeout of "${timeout}"`,
    headers: { 'x-request-timeout-ms': timeout },
    ...{ status: 400, reason: 'invalid_input' },
  })),
  ...['-0.1', '1.01', 'high', 'NaN', ''].map((accuracy) => ({
    what: `a least accuracy of "${accuracy}"`,
    headers: { 'x-min-accuracy': accuracy },
    ...{ status: 400, reason: 'invalid_input' },
  })),
  {
    what: 'a least accuracy that no path has',
    headers: { 'x-min-accuracy': '0.99' },
    ...{ status: 503, reason: 'no_capable_node' },
  },
  {
    what: 'a deadline that cannot be met',
    headers: { 'x-request-timeout-ms': '10' },
    ...{ status: 503, reason: 'infeasible_deadline' },
  },
]

async function refusal(coordinator: Coordinator, { headers, body, pipeline }: Case) {
  const response = await ask(coordinator, headers, body, pipeline)
  const text = await response.text()
  return { status: response.status, body: JSON.parse(text), headers: response.headers }
}

Deno.test('bad input gets its status and reason, and the next query is fine', async (t) => {
  await withCoordinator(async (coordinator) => {
    await joinScripted(coordinator, 'one', undefined, {}, 40)
    await untilReady(coordinator)
    for (const one of CASES) {
      await t.step(one.what, async () => {
        const { status, body, headers } = await refusal(coordinator, one)
        assert.deepEqual([status, body.reason], [one.status, one.reason], body.error)
        assert.match(body.error, /^Cannot /)
        assert.equal(headers.get('retry-after'), null, 'a later try fares no better')
        const next = await ask(coordinator)
        assert.equal(next.status, 200)
        await next.body?.cancel()
      })
    }
  })
})

Deno.test('unknown routes answer 404 as JSON', () =>
  withCoordinator(async ({ url }) => {
    const response = await fetch(`${url}/v1/nothing`)
    assert.equal(response.status, 404)
    assert.equal((await response.json()).reason, 'not_found')
  }))

Deno.test('a path that is asked with another method answers 405, and with which it can be', () =>
  withCoordinator(async ({ url }) => {
    for (
      const [method, path, allow] of [
        ['GET', '/v1/pipelines/words/infer', 'POST'],
        ['PUT', '/v2/models/words/versions/1/infer', 'POST'],
        ['POST', '/v1/nodes', 'GET, HEAD'],
        ['PATCH', '/v1/nodes/one', 'DELETE'],
      ] as const
    ) {
      const response = await fetch(`${url}${path}`, { method })
      assert.deepEqual([response.status, response.headers.get('allow')], [405, allow], path)
      const { error, reason } = await response.json()
      assert.equal(reason, 'method_not_allowed')
      assert.match(error, /^Cannot take .*: it is asked with [A-Z]+$/)
    }
  }))
