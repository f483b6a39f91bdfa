/** The Open Inference Protocol v2, call by call and field by field, as its specification has them. */
import assert from 'node:assert/strict'
import { joinScripted, untilReady, withCoordinator } from '../coordinator/fixture.ts'
import {
  get,
  imageBinary,
  imageJson,
  type InferReply,
  post,
  postInfer,
  type Tensor,
  unpackBytes,
  unpackFloats,
} from './oip_client.ts'
import { boxOf, linesOf, pages, picture, textOf, withPages } from './oip_scene.ts'

function outputOf({ json }: InferReply, name: string): Tensor {
  return json.outputs.find((output) => output.name === name) ?? assert.fail(`no output ${name}`)
}

const METADATA = {
  name: 'pages',
  versions: ['1'],
  platform: 'onnx_onnxv1',
  inputs: [{ name: 'image', datatype: 'BYTES', shape: [-1] }],
  outputs: [
    { name: 'text', datatype: 'BYTES', shape: [-1] },
    { name: 'confidence', datatype: 'FP32', shape: [-1] },
    { name: 'box', datatype: 'FP32', shape: [-1, 4, 2] },
    { name: 'count', datatype: 'INT32', shape: [-1] },
    { name: 'result', datatype: 'BYTES', shape: [-1] },
  ],
}

Deno.test('v2: server and models tell what they are, and whether they are ready', () =>
  withCoordinator(
    async (coordinator) => {
      const { url } = coordinator
      const { status, json } = await get(`${url}/v2`)
      assert.deepEqual(await get(`${url}/v2/`), { status, json })
      assert.equal(status, 200)
      assert.deepEqual(Object.keys(json).sort(), ['extensions', 'name', 'version'])
      assert.equal(json.name, 'shoal')
      assert.equal(typeof json.version, 'string')
      for (const extension of ['binary_tensor_data', 'schedule_policy', 'statistics']) {
        assert.ok(json.extensions.includes(extension), extension)
      }
      assert.deepEqual(await get(`${url}/v2/health/live`), { status: 200, json: { live: true } })
      const models = ['pages', 'pages/versions/1'].map((model) => `${url}/v2/models/${model}`)
      const readiness = async () => ({
        server: (await get(`${url}/v2/health/ready`)).status,
        models: await Promise.all(models.map((model) => get(`${model}/ready`))),
      })
      const ready = (is: boolean) => ({
        status: is ? 200 : 503,
        json: { name: 'pages', ready: is },
      })
      assert.deepEqual(await readiness(), { server: 503, models: [ready(false), ready(false)] })
      for (const model of models) {
        assert.deepEqual(await get(model), { status: 200, json: METADATA })
      }
      await joinScripted(coordinator, 'one')
      await untilReady(coordinator)
      assert.deepEqual(await readiness(), { server: 200, models: [ready(true), ready(true)] })
    },
    undefined,
    { pipelines: [{ dir: '', pipeline: pages, models: {} }] },
  ))

Deno.test('v2: unknown models and versions get an error on every call', () =>
  withPages(async (_, models) => {
    for (const model of ['nothing', 'pages/versions/2']) {
      for (const call of ['', '/ready', '/stats']) {
        const { status, json } = await get(`${models}/${model}${call}`)
        assert.equal(status, 404)
        assert.match(json.error, /^Cannot find (model nothing|version 2)/)
      }
      const reply = await postInfer(`${models}/${model}/infer`, { inputs: [] })
      assert.equal(reply.status, 404)
      assert.match(reply.json.error ?? '', /^Cannot find/)
    }
  }))

Deno.test('v2: infer in JSON answers with every field and every output', () =>
  withPages(async (coordinator, models) => {
    const reply = await postInfer(
      `${models}/pages/infer`,
      { id: 'mine-42', inputs: [imageJson([picture(3)])] },
      undefined,
      { 'x-request-id': 'header-7' },
    )
    assert.equal(reply.status, 200, JSON.stringify(reply.json))
    assert.match(reply.headers.get('content-type') ?? '', /^application\/json/)
    assert.equal(reply.headers.get('inference-header-content-length'), null)
    assert.equal(reply.headers.get('x-request-id'), 'header-7')
    assert.match(
      reply.headers.get('server-timing') ?? '',
      new RegExp(
        '^total;dur=[\\d.]+, queue;dur=[\\d.]+, network;dur=[\\d.]+, ' +
          'energy;desc="[\\d.]+ J modelled", find;dur=[\\d.]+, read;dur=[\\d.]+$',
      ),
    )
    const { json } = reply
    assert.deepEqual(
      Object.keys(json).sort(),
      ['id', 'model_name', 'model_version', 'outputs', 'parameters'],
    )
    assert.equal(json.model_name, 'pages')
    assert.equal(json.model_version, '1')
    assert.equal(json.id, 'mine-42')
    for (const value of Object.values(json.parameters)) {
      assert.ok(['string', 'number', 'boolean'].includes(typeof value))
    }
    assert.ok(Math.abs(json.parameters['accuracy'] as number - 0.72) < 1e-9)
    assert.equal(json.parameters['deadline_ms'], 5000)
    assert.equal(json.parameters['variant.read'], 'plain')
    assert.deepEqual(
      json.outputs.map(({ name, datatype }) => ({ name, datatype })),
      METADATA.outputs.map(({ name, datatype }) => ({ name, datatype })),
    )
    for (const output of json.outputs) {
      assert.deepEqual(Object.keys(output).sort(), ['data', 'datatype', 'name', 'shape'])
      assert.equal(output.data?.length, output.shape.reduce((a, b) => a * b, 1), output.name)
    }
    assert.deepEqual(outputOf(reply, 'text').data, [0, 1, 2].map((line) => textOf(3, line)))
    assert.deepEqual(outputOf(reply, 'confidence').data, [1, 1 / 2, 1 / 3])
    assert.deepEqual(outputOf(reply, 'box').shape, [3, 4, 2])
    assert.deepEqual(outputOf(reply, 'box').data, [0, 1, 2].flatMap(boxOf).flat())
    assert.deepEqual(outputOf(reply, 'count').data, [3])

    const v1 = await fetch(`${coordinator.url}/v1/pipelines/pages/infer`, {
      ...{ method: 'POST', headers: { 'content-type': 'image/png' }, body: picture(3) },
    }).then((response) => response.json())
    const result = outputOf(reply, 'result')
    assert.deepEqual(result.shape, [1])
    assert.deepEqual(JSON.parse(String(result.data?.[0])), v1.outputs)

    const none = await postInfer(`${models}/pages/infer`, { inputs: [imageJson([picture(0)])] })
    assert.deepEqual(outputOf(none, 'box'), {
      ...{ name: 'box', shape: [0, 4, 2], datatype: 'FP32', data: [] },
    })
    assert.notEqual(none.json.id, '')
  }))

Deno.test('v2: outputs come in the order asked for, and data may be nested as the shape is', () =>
  withPages(async (_, models) => {
    const input = imageJson([picture(1), picture(2)])
    const reply = await postInfer(`${models}/pages/versions/1/infer`, {
      inputs: [{ ...input, data: [[input.data[0]], [input.data[1]]] }],
      outputs: [{ name: 'count' }, { name: 'text', parameters: { binary_data: false } }],
    })
    assert.deepEqual(reply.json.outputs.map(({ name }) => name), ['count', 'text'])
    assert.deepEqual(outputOf(reply, 'count').data, [1, 2])
  }))

Deno.test('v2: several pictures in one call keep their order', () =>
  withPages(async (_, models) => {
    const lines = [2, 0, 5, 1, 3]
    const reply = await postInfer(`${models}/pages/infer`, {
      inputs: [imageJson(lines.map(picture))],
    })
    assert.equal(reply.status, 200)
    assert.deepEqual(outputOf(reply, 'count'), {
      ...{ name: 'count', datatype: 'INT32', shape: [5], data: lines },
    })
    const texts = lines.map((n) => Array.from({ length: n }, (_, line) => textOf(n, line)))
    assert.deepEqual(outputOf(reply, 'text').data, texts.flat())
    const results = outputOf(reply, 'result').data?.map((one) => JSON.parse(String(one)))
    assert.deepEqual(
      results?.map(({ lines }) => lines.map(({ text }: { text: string }) => text)),
      texts,
    )
  }))

Deno.test('v2: binary tensors go in and come out as the extension says', () =>
  withPages(async (_, models) => {
    const url = `${models}/pages/infer`
    const { input, bytes } = imageBinary([picture(2), picture(1)])
    const all = await postInfer(
      url,
      { id: 'b', parameters: { binary_data_output: true }, inputs: [input] },
      bytes,
    )
    assert.equal(all.status, 200, JSON.stringify(all.json))
    assert.equal(all.headers.get('content-type'), 'application/octet-stream')
    const tails = [...all.binary.values()].reduce((sum, { length }) => sum + length, 0)
    const heads = Number(all.headers.get('inference-header-content-length'))
    assert.equal(Number(all.headers.get('content-length')), heads + tails)
    for (const output of all.json.outputs) {
      assert.equal(output.data, undefined)
      const size = output.parameters?.['binary_data_size']
      assert.equal(size, all.binary.get(output.name)?.length)
    }
    const of = (reply: InferReply, name: string) => reply.binary.get(name) ?? assert.fail(name)
    assert.deepEqual(unpackBytes(of(all, 'text')), [textOf(2, 0), textOf(2, 1), textOf(1, 0)])
    assert.deepEqual(unpackFloats(of(all, 'confidence')), [1, 0.5, 1])
    assert.deepEqual(unpackFloats(of(all, 'box')), [0, 1, 0].flatMap(boxOf).flat())
    assert.deepEqual([...of(all, 'count')], [2, 0, 0, 0, 1, 0, 0, 0])
    assert.equal(unpackBytes(of(all, 'result')).length, 2)

    const mixed = await postInfer(url, {
      parameters: { binary_data_output: true },
      inputs: [imageJson([picture(2)])],
      outputs: [{ name: 'text', parameters: { binary_data: false } }, { name: 'confidence' }],
    })
    assert.deepEqual(outputOf(mixed, 'text').data, [textOf(2, 0), textOf(2, 1)])
    assert.deepEqual(unpackFloats(of(mixed, 'confidence')), [1, 0.5])

    const plain = await postInfer(url, { inputs: [input] }, bytes)
    assert.match(plain.headers.get('content-type') ?? '', /^application\/json/)
    assert.equal(outputOf(plain, 'text').data?.length, 3)

    const whole = await post(url, picture(4), {
      ...{ 'content-type': 'application/octet-stream', 'inference-header-content-length': '0' },
    })
    assert.equal(whole.status, 200)
    assert.deepEqual(outputOf(whole, 'count').data, [4])
  }))

Deno.test('v2: parameters.timeout is in microseconds and kept', () =>
  withPages(
    async (_, models) => {
      const started = performance.now()
      const reply = await postInfer(`${models}/pages/infer`, {
        parameters: { timeout: 300_000 },
        inputs: [imageJson([picture(1)])],
      })
      assert.equal(reply.status, 504)
      assert.equal(reply.json.reason, 'deadline_exceeded')
      assert.ok(performance.now() - started >= 300)
      assert.equal(reply.headers.get('retry-after'), null)
    },
    () => undefined,
  ))

Deno.test('v2: one bad picture of several fails the call, and nothing stays inside', () =>
  withPages(
    async (coordinator, models) => {
      const reply = await postInfer(`${models}/pages/infer`, {
        inputs: [imageJson([picture(1), picture(9), picture(1)])],
      })
      assert.equal(reply.status, 400)
      assert.match(reply.json.error ?? '', /too many/)
      // The others are called off in the same breath, and their end is told with the next one.
      while (coordinator.pool.queriesInFlight() > 0) {
        await new Promise((done) => setTimeout(done, 5))
      }
    },
    ({ message, blobs }) => ({
      items: message.items.map(({ payload }) =>
        'blob' in payload && linesOf(blobs[payload.blob]) === 9
          ? { ok: false, reason: 'invalid_input', message: 'too many' }
          : { ok: true, fields: null, children: {} }
      ),
    }),
  ))

Deno.test('v2: without nodes the error says when to try again', () =>
  withCoordinator(
    async ({ url }) => {
      const reply = await postInfer(
        `${url}/v2/models/pages/infer`,
        { inputs: [imageJson([picture(1)])] },
        undefined,
        { 'x-request-id': 'r1' },
      )
      assert.equal(reply.status, 503)
      assert.equal(typeof reply.json.error, 'string')
      assert.match(reply.headers.get('retry-after') ?? '', /^[1-9]\d*$/)
      assert.equal(reply.headers.get('x-request-id'), 'r1')
    },
    undefined,
    { pipelines: [{ dir: '', pipeline: pages, models: {} }] },
  ))
