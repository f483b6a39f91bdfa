/** A pipeline changes while it serves: no query is lost, none is answered by two versions. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { join } from 'node:path'
import { loadPipelines } from '../../src/cli/pipelines/load.ts'
import type { Serving } from '../../src/cli/serve/serving.ts'
import { trustOptions } from '../../src/cli/serve/trust.ts'
import { PIXEL_PNG } from '../coordinator/fixture.ts'
import { onnxOf } from '../pipeline/onnx.ts'
import { inFolder, tensorsTask, withServing, writeFiles } from './own_scene.ts'

/** y = x + k, for any number of rows of four. */
const adds = (k: number, op = 'Add') =>
  onnxOf({
    inputs: { x: ['N', 4] },
    outputs: { y: ['N', 4] },
    weights: { k: { dims: [1], values: [k] } },
    nodes: [{ op, inputs: ['x', 'k'], outputs: ['y'] }],
  })

const pipeline = {
  ...{ schema: 'shoal-pipeline/1', name: 'sum', sloMs: 20_000, root: 'first' },
  tasks: {
    first: tensorsTask({
      plain: { accuracy: 1, model: 'first.onnx', referenceMs: 1 },
      other: { accuracy: 0.9, model: 'first.onnx', referenceMs: 1 },
    }, { next: ['second'] }),
    second: tensorsTask({ plain: { accuracy: 1, model: 'second.onnx', referenceMs: 1 } }),
  },
}

const files = { 'pipeline.json': pipeline, 'first.onnx': adds(1), 'second.onnx': adds(1) }

async function ask({ url }: Serving): Promise<{ status: number; sum: number; version: number }> {
  const response = await fetch(`${url}/v1/pipelines/sum/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: [0, 0, 0, 0] }],
    }),
  })
  const { outputs, version } = await response.json()
  return { status: response.status, version, sum: outputs?.second[0].y.data[0] }
}

async function reload({ url }: Serving) {
  const response = await fetch(`${url}/v1/pipelines/sum/reload`, { method: 'POST' })
  return { status: response.status, body: await response.json() }
}

Deno.test('a pipeline reloaded under load loses no query and mixes no versions', async () => {
  await inFolder(files, async (dir) => {
    await withServing(dir, 2, async (serving) => {
      const answers: Awaited<ReturnType<typeof ask>>[] = []
      let asking = true
      const askers = Array.from({ length: 4 }, async () => {
        while (asking) answers.push(await ask(serving))
      })
      /** Answers that began after this call. */
      const some = async (count: number) => {
        const from = answers.length + askers.length
        while (answers.length < from + count) await new Promise((done) => setTimeout(done, 5))
      }
      await some(20)
      deepEqual((await reload(serving)).body, { pipeline: 'sum', version: 1, changed: false })

      // Other models, and a variant less: the tree itself may change, too.
      const { other: _, ...kept } = pipeline.tasks.first.variants as Record<string, object>
      const tasks = { ...pipeline.tasks, first: { ...pipeline.tasks.first, variants: kept } }
      await writeFiles(dir, {
        'first.onnx': adds(10),
        'second.onnx': adds(10),
        'pipeline.json': { ...pipeline, tasks },
      })
      deepEqual(await reload(serving), {
        status: 200,
        body: { pipeline: 'sum', version: 2, changed: true },
      })
      const before = answers.length + askers.length
      await some(20)
      ok(answers.slice(before).every(({ version }) => version === 2))

      await writeFiles(dir, { 'first.onnx': adds(100), 'second.onnx': adds(100) })
      equal((await reload(serving)).body.version, 3)
      await some(20)
      asking = false
      await Promise.all(askers)

      deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
      const sums = new Set(answers.map(({ version, sum }) => `${version}: ${sum}`))
      deepEqual(sums, new Set(['1: 2', '2: 20', '3: 200']))
      const { pipelines } = serving.pool.stats()
      deepEqual(Object.keys(pipelines), ['sum'])
      equal(pipelines['sum']!.onTime, answers.length)
      // What was replaced is held no more.
      deepEqual(serving.pool.nodes().map(({ instances }) => instances), [2, 2])
    })
  })
})

Deno.test('what cannot be served is refused by name, and the old version serves on', async () => {
  await inFolder(files, async (dir) => {
    await withServing(dir, 1, async (serving) => {
      const refused = async (changed: Parameters<typeof writeFiles>[1], why: RegExp) => {
        await writeFiles(dir, changed)
        const { status, body } = await reload(serving)
        equal(status, 400)
        equal(body.reason, 'invalid_input')
        match(body.error, why)
        deepEqual(await ask(serving), { status: 200, version: 1, sum: 2 })
      }
      await refused({ 'first.onnx': 'a page' }, /first\.onnx is no ONNX model/)
      await refused({
        'first.onnx': onnxOf({
          inputs: { x: ['N', 4] },
          outputs: { y: ['N', 5] },
          nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
        }),
      }, /give\.second\.tensors\.x: second expects float32 \[-1,4\], this makes float32 \[-1,5\]/)
      // The file is in order, and no engine can run it: that the first node finds out.
      await refused({ 'first.onnx': adds(1, 'Nonsense') }, /first plain: Cannot load a model/)
      await refused({ 'pipeline.json': '{' }, /pipeline\.json: not JSON/)
      await writeFiles(dir, { 'pipeline.json': pipeline, 'first.onnx': adds(1) })
      // A program of the folder that is wrong, and one that names what is not there.
      await refused({ 'models.ts': `throw new Error('half written')` }, /half written/)
      await refused({
        'models.ts': `export const recipeVersion = 1
          export const modelNames = []
          export const sources = [new URL('./none.bin', import.meta.url)]
          export const deriveModels = () => []`,
      }, /No such file/)
      await Deno.remove(join(dir, 'models.ts'))
      await refused({ 'pipeline.json': { ...pipeline, name: 'other' } }, /now says name other/)

      await writeFiles(dir, { ...files, 'second.onnx': adds(5) })
      deepEqual((await reload(serving)).body, { pipeline: 'sum', version: 3, changed: true })
      deepEqual(await ask(serving), { status: 200, version: 3, sum: 6 })
      equal(serving.pool.nodes()[0]!.instances, 3)
    })
  })
})

Deno.test('nodes are judged by what a task is now, and not by what it was at the start', async () => {
  const labels = ['left', 'right']
  const input = { height: 1, width: 2, colour: 'grey' }
  const fileOf = (model: string, task: object) => ({
    ...{ schema: 'shoal-pipeline/1', name: 'own', sloMs: 20_000, root: 'only' },
    tasks: {
      only: { labels, input, ...task, variants: { a: { accuracy: 1, referenceMs: 1, model } } },
    },
  })
  const named = fileOf('tell.onnx', { kind: 'image-classification' })
  const found = fileOf('find.onnx', { kind: 'object-detection', boxes: { format: 'corners' } })
  const x = ['N', 1, 1, 2]
  const models = {
    'tell.onnx': onnxOf({
      ...{ inputs: { x }, outputs: { y: ['N', 2] } },
      nodes: [{ op: 'Flatten', inputs: ['x'], outputs: ['y'] }],
    }),
    // The same box on whatever it sees.
    'find.onnx': onnxOf({
      ...{ inputs: { x }, outputs: { y: ['N', 1, 6] } },
      weights: {
        none: { dims: [1], values: [0] },
        box: { dims: [1, 1, 6], values: [0, 0, 2, 1, 0.9, 1] },
      },
      nodes: [
        { op: 'ReduceMean', inputs: ['x'], outputs: ['mean'], ints: { axes: [3], keepdims: 0 } },
        { op: 'Mul', inputs: ['mean', 'none'], outputs: ['zero'] },
        { op: 'Add', inputs: ['zero', 'box'], outputs: ['y'] },
      ],
    }),
  }
  await inFolder({ ...models, 'pipeline.json': named }, async (dir) => {
    const trust = await trustOptions(await loadPipelines([dir], () => {}))
    await withServing(dir, 1, async ({ url }) => {
      const only = async () => {
        const response = await fetch(`${url}/v1/pipelines/own/infer`, {
          ...{ method: 'POST', headers: { 'content-type': 'image/png' }, body: PIXEL_PNG },
        })
        const { outputs, error } = await response.json()
        return error ?? outputs.only[0]
      }
      ok((await only()).label)
      await writeFiles(dir, { 'pipeline.json': found })
      equal((await fetch(`${url}/v1/pipelines/own/reload`, { method: 'POST' })).status, 200)
      for (let i = 0; i < 3; i++) equal((await only()).found?.[0].kind, 'right')
      const now = { pipeline: 'own~2', task: 'only', variant: 'a' }
      const said = { ok: true, result: { label: 'left', confidence: 1 }, children: {} } as const
      equal(trust.faultOf?.(now, said), 'a picture without a size')
    }, { trust })
  })
})

Deno.test('only whoever sits at the machine may have a pipeline reloaded', async () => {
  await inFolder(files, async (dir) => {
    await withServing(dir, 0, async ({ url }) => {
      const ask = (headers: HeadersInit, name = 'sum') =>
        fetch(`${url}/v1/pipelines/${name}/reload`, { method: 'POST', headers })
      for (
        const headers of [{ 'x-forwarded-for': '10.0.0.1' }, { origin: 'http://evil.example' }]
      ) {
        const response = await ask(headers as HeadersInit)
        equal(response.status, 403)
        await response.body?.cancel()
      }
      const unknown = await ask({}, 'nothing')
      equal(unknown.status, 404)
      await unknown.body?.cancel()
    })
  })
})

Deno.test('rules that plan for what there was at the start say so', async () => {
  await inFolder(files, async (dir) => {
    await withServing(dir, 0, async (serving) => {
      await writeFiles(dir, { 'first.onnx': adds(10) })
      const { status, body } = await reload(serving)
      equal(status, 400)
      match(body.error, /the rules static plan for what there was at the start/)
    }, { policy: 'static' })
  })
})
