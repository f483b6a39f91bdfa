/** Requests that the Open Inference Protocol does not allow: each gets an error that says which rule. */
import assert from 'node:assert/strict'
import { imageBinary, imageJson, type InferRequest, post, postInfer } from './oip_client.ts'
import { picture, withPages } from './oip_scene.ts'

const good = imageJson([picture(1)])
const packed = imageBinary([picture(1)])
const request = (change: object): InferRequest => ({ inputs: [{ ...good, ...change }] })
const ask = (parameters: Record<string, unknown>): InferRequest => ({ inputs: [good], parameters })

const JSON_CASES: [string, unknown, RegExp][] = [
  ['a wrong shape', request({ shape: [2] }), /shape \[2\] does not fit its 1 elements/],
  ['a shape of another rank', request({ shape: [1, 1] }), /shape must be \[n\]/],
  ['an empty shape', request({ shape: [] }), /shape must be \[n\]/],
  ['no picture', request({ shape: [0], data: [] }), /shape must be \[n\]/],
  ['a shape that is no number', request({ shape: ['1'] }), /inputs\.0\.shape\.0/],
  ['a negative size', request({ shape: [-1] }), /inputs\.0\.shape\.0/],
  ['a wrong datatype', request({ datatype: 'FP32' }), /datatype must be BYTES: received FP32/],
  ['no such datatype', request({ datatype: 'bytes' }), /datatype "bytes" is not one of v2/],
  ['no datatype', request({ datatype: undefined }), /inputs\.0\.datatype/],
  ['a missing input', { inputs: [] }, /input image is missing/],
  ['no inputs', { id: 'x' }, /inputs/],
  ['an unknown input', request({ name: 'picture' }), /input "picture": the model has one/],
  ['an input twice', { inputs: [good, good] }, /more than once/],
  ['no data', request({ data: undefined }), /neither data nor/],
  ['data that is no string', request({ data: [7] }), /element 0 of data is not a string/],
  ['data that is not base64', request({ data: ['%%'] }), /element 0 of data is not base64/],
  ['no encoding', request({ parameters: {} }), /encoding "base64"/],
  ['parameters of objects', request({ parameters: { encoding: {} } }), /inputs\.0\.parameters/],
  ['an unknown output', { inputs: [good], outputs: [{ name: 'boxes' }] }, /output "boxes"/],
  ['an output twice', { inputs: [good], outputs: [{ name: 'text' }, { name: 'text' }] }, /once/],
  ['an id that is no string', { inputs: [good], id: 7 }, /id/],
  ['a timeout of nothing', ask({ timeout: 0 }), /parameters\.timeout/],
  ['a timeout as text', ask({ timeout: '100' }), /parameters\.timeout/],
  ['an accuracy over 1', ask({ min_accuracy: 1.5 }), /parameters\.min_accuracy/],
  ['binary output as text', ask({ binary_data_output: 'yes' }), /binary_data_output/],
  ['binary data without its header', { inputs: [packed.input] }, /Inference-Header-Content/],
  ['no object', [1], /the request/],
]

Deno.test('v2: what the protocol does not allow gets 400 and says why', async (t) => {
  await withPages(async (coordinator, models) => {
    const url = `${models}/pages/infer`
    const check = async (
      what: string,
      reply: ReturnType<typeof post>,
      error: RegExp,
      status = 400,
    ) => {
      await t.step(what, async () => {
        const { status: found, json, headers } = await reply
        assert.equal(found, status, JSON.stringify(json))
        assert.match(json.error ?? '', error)
        assert.match(headers.get('content-type') ?? '', /^application\/json/)
        assert.equal(headers.get('retry-after'), null)
      })
    }
    for (const [what, body, error] of JSON_CASES) {
      await check(what, postInfer(url, body as InferRequest), error)
    }
    const json = { 'content-type': 'application/json' }
    await check('no JSON', post(url, '{', json), /not JSON/)
    await check(
      'another content type',
      post(url, 'x', { 'content-type': 'text/x' }),
      /text\/x/,
      415,
    )
    const text = new TextEncoder().encode('no picture')
    await check(
      'a picture that is none',
      postInfer(url, { inputs: [imageJson([text])] }),
      /not PNG/,
    )
    await check(
      'a picture that is none, among others',
      postInfer(url, { inputs: [imageJson([picture(1), text])] }),
      /element 1 of input image/,
    )
    await check(
      'more pictures than a call may have',
      postInfer(url, request({ shape: [65] })),
      /at most 64/,
      413,
    )
    const binary = (input: object, bytes = packed.bytes, headers = {}) =>
      postInfer(url, { inputs: [{ ...packed.input, ...input }] }, bytes, headers)
    const size = (binary_data_size: unknown) => ({ parameters: { binary_data_size } })
    await check('a size too small', binary(size(packed.bytes.length - 1)), /binary_data_size/)
    await check('a size too large', binary(size(packed.bytes.length + 1)), /binary_data_size/)
    await check('a size that is none', binary(size('all')), /binary_data_size is all/)
    await check('data twice', binary({ data: [''] }), /both data and/)
    await check('bytes that nobody claims', binary({ ...good }), /no input claims them/)
    await check('binary data of a wrong shape', binary({ shape: [2] }), /shape \[2\]/)
    await check(
      'an element longer than the data',
      binary(size(6), new Uint8Array([9, 0, 0, 0, 1, 2])),
      /its binary data is not/,
    )
    await check(
      'a length cut short',
      binary(size(2), new Uint8Array([9, 0])),
      /its binary data is not/,
    )
    for (const length of ['x', '-1', '999999']) {
      await check(
        `a JSON length of ${length}`,
        binary({}, packed.bytes, { 'inference-header-content-length': length }),
        /Inference-Header-Content-Length/,
      )
    }
    const stats = await (await fetch(`${models}/pages/stats`)).json()
    assert.equal(stats.model_stats[0].inference_count, 0)
    assert.ok(stats.model_stats[0].inference_stats.fail.count > JSON_CASES.length)
    assert.equal(coordinator.pool.queriesInFlight(), 0)
  })
})
