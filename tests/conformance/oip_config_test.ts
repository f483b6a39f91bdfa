/** The configuration of a model and the index of models, as `tritonclient.http` asks for them. */
import assert from 'node:assert/strict'
import { startCoordinator } from '../../src/cli/serve/coordinator.ts'
import { createKeyring, hashOf } from '../../src/coordinator/core/keys.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import { joinScripted, untilReady, withCoordinator } from '../coordinator/fixture.ts'
import { get } from './oip_client.ts'
import { pages, withPages } from './oip_scene.ts'

const numbers = checkPipeline({
  ...{ schema: 'shoal-pipeline/1', name: 'numbers', sloMs: 1000, root: 'sum' },
  tasks: {
    sum: {
      variants: { only: { accuracy: 1 } },
      takes: {
        x: { type: 'float32', shape: [-1, 4], typical: [1, 4] },
        mask: { type: 'bool', shape: [4] },
      },
      answer: { y: { type: 'int64', shape: [-1] } },
    },
  },
  output: { sums: { each: 'sum', with: ['y'] } },
}, 'fixture')

Deno.test('v2: a model tells its configuration, shapes and types as Triton names them', () =>
  withPages(async (_, models) => {
    const { status, json } = await get(`${models}/pages/config`)
    assert.equal(status, 200)
    assert.deepEqual(json, {
      ...{ name: 'pages', platform: 'onnx_onnxv1', backend: 'onnxruntime' },
      ...{ version_policy: { latest: { num_versions: 1 } }, max_batch_size: 0 },
      input: [{ name: 'image', data_type: 'TYPE_STRING', dims: [-1], format: 'FORMAT_NONE' }],
      output: [
        { name: 'text', data_type: 'TYPE_STRING', dims: [-1] },
        { name: 'confidence', data_type: 'TYPE_FP32', dims: [-1] },
        { name: 'box', data_type: 'TYPE_FP32', dims: [-1, 4, 2] },
        { name: 'count', data_type: 'TYPE_INT32', dims: [-1] },
        { name: 'result', data_type: 'TYPE_STRING', dims: [-1] },
      ],
    })
    assert.deepEqual((await get(`${models}/pages/versions/1/config`)).json, json)
    assert.equal((await get(`${models}/pages/versions/2/config`)).status, 404)
    assert.equal((await get(`${models}/none/config`)).status, 404)
  }))

const index = async (url: string, body?: BodyInit) => {
  const response = await fetch(`${url}/v2/repository/index`, { method: 'POST', body: body ?? null })
  return { status: response.status, json: await response.json() }
}

Deno.test('v2: tensors of a model are told as such, and the index tells what can be asked', () =>
  withCoordinator(
    async (coordinator) => {
      const { url } = coordinator
      const { json } = await get(`${url}/v2/models/numbers/config`)
      assert.deepEqual(json.input, [
        { name: 'x', data_type: 'TYPE_FP32', dims: [-1, 4], format: 'FORMAT_NONE' },
        { name: 'mask', data_type: 'TYPE_BOOL', dims: [4], format: 'FORMAT_NONE' },
      ])
      assert.deepEqual(json.output, [{ name: 'y', data_type: 'TYPE_INT64', dims: [-1] }])
      const of = (name: string, isReady: boolean) => ({
        ...{ name, version: '1', state: isReady ? 'READY' : 'UNAVAILABLE' },
        reason: isReady ? '' : 'no node has a warm instance for every task',
      })
      const none = [of('pages', false), of('numbers', false)]
      // Its body is empty; one of JSON may be there.
      for (const body of [undefined, '', '{}', '{"ready":false}']) {
        assert.deepEqual(await index(url, body), { status: 200, json: none })
      }
      assert.deepEqual((await index(url, '{"ready":true}')).json, [])
      await joinScripted(coordinator, 'one')
      await untilReady(coordinator)
      const all = [of('pages', true), of('numbers', true)]
      assert.deepEqual((await index(url, '{"ready":true}')).json, all)
      assert.deepEqual((await index(url)).json, all)
    },
    undefined,
    { pipelines: [pages, numbers].map((pipeline) => ({ dir: '', pipeline, models: {} })) },
  ))

Deno.test('v2: a request for the index that is none is refused', () =>
  withPages(async ({ url }) => {
    for (const body of ['{', '[]', '{"ready":"yes"}', '{"ready":1}']) {
      assert.equal((await index(url, body)).status, 400, body)
    }
    // With its length told, and without.
    for (const body of [' '.repeat(2000), new Blob([' '.repeat(2000)]).stream()]) {
      const { status, json } = await index(url, body)
      assert.deepEqual([status, json.reason], [413, 'too_large'])
    }
  }))

Deno.test('v2: configuration and index are for those who may ask models', async () => {
  const key = 'a-key-of-a-client'
  const keyring = createKeyring([{ name: 'client', role: 'client', sha256: hashOf(key) }])
  const served = [{ dir: '', pipeline: pages, models: {} }]
  const coordinator = startCoordinator({ pipelines: served, port: 0, keyring })
  const calls = [['GET', 'models/pages/config'], ['POST', 'repository/index']] as const
  for (const [method, path] of calls) {
    const at = `${coordinator.url}/v2/${path}`
    const statuses: number[] = []
    for (const headers of [{}, { authorization: `Bearer ${key}` }]) {
      const response = await fetch(at, { method, headers })
      await response.body?.cancel()
      statuses.push(response.status)
    }
    assert.deepEqual(statuses, [401, 200], path)
  }
  await coordinator.close(1000)
})
