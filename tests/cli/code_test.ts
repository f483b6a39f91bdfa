/** Programs that a pipeline brings: bundled, named by their content, run where that is allowed. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { loadPipeline } from '../../src/cli/load_pipelines.ts'
import { type Serving, startServing } from '../../src/cli/serving.ts'
import { spawnNode } from '../../src/cli/spawn_node.ts'
import { onnxOf } from '../pipeline/onnx.ts'
import { inFolder, tensorsTask, writeFiles } from './own_scene.ts'

const pipeline = {
  ...{ schema: 'shoal-pipeline/1', name: 'letters', sloMs: 20_000, root: 'count' },
  tasks: {
    // Its program needs no model, the last one runs its own.
    count: {
      ...{ kind: 'code', stage: 'count.ts', next: ['double'] },
      takes: { codes: { type: 'uint8', shape: [-1] } },
      variants: { only: { accuracy: 1, referenceMs: 1 } },
    },
    double: tensorsTask({ only: { accuracy: 1, model: 'double.onnx', referenceMs: 1 } }, {
      next: ['say'],
      give: { say: { tensors: { twice: 'y' } } },
    }),
    say: {
      kind: 'code',
      variants: { only: { accuracy: 1, model: 'double.onnx', referenceMs: 1 } },
    },
  },
  output: { said: { each: 'say', with: ['text'] } },
}

const files = {
  'pipeline.json': pipeline,
  'double.onnx': onnxOf({
    inputs: { x: ['N', 4] },
    outputs: { y: ['N', 4] },
    nodes: [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }],
  }),
  'vowels.ts': `export const VOWELS = 'aeiou'\n`,
  'count.ts': `
    import { packTensors, type Stage, unpackTensors } from 'shoal'
    import { VOWELS } from './vowels.ts'

    export default {
      run(items) {
        return Promise.resolve(items.map(({ meta, bytes }) => {
          const text = String.fromCharCode(...unpackTensors(meta, bytes)['codes']!.data as Uint8Array)
          if (text === '') return { ok: false, reason: 'invalid_input', message: 'no letters' }
          const vowels = [...text].filter((one) => VOWELS.includes(one)).length
          const data = Float32Array.of(text.length, vowels, 0, 0)
          const x = { type: 'float32', dims: [1, 4], data } as const
          return { ok: true, fields: {}, children: { double: [packTensors({ x })] } }
        }))
      },
      warmUp: () => [],
    } satisfies Stage
  `,
  'stage.ts': `
    import { type Stage, unpackTensors } from 'shoal'

    export default {
      async run(items, { model }) {
        const results = []
        for (const { meta, bytes } of items) {
          const { twice } = unpackTensors(meta, bytes)
          const { y } = await model.run({ x: twice! }, true)
          const [letters, vowels] = y!.data
          results.push({ ok: true as const, fields: { text: letters + ' ' + vowels }, children: {} })
        }
        return results
      },
      warmUp: () => [{ x: { type: 'float32', dims: [1, 4], data: new Float32Array(4) } }],
    } satisfies Stage
  `,
}

async function ask({ url }: Serving, text: string) {
  const response = await fetch(`${url}/v1/pipelines/letters/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      inputs: [{
        ...{ name: 'codes', datatype: 'UINT8', shape: [text.length] },
        data: [...text].map((one) => one.charCodeAt(0)),
      }],
    }),
  })
  return { status: response.status, body: await response.json() }
}

Deno.test('a program of the pipeline runs on nodes that allow it, and is planned nowhere else', async () => {
  await inFolder(files, async (dir) => {
    const serving = await startServing([dir])
    const { pool, localUrl } = serving
    const plain = spawnNode(localUrl, 'plain', ['--slots', '1', '--gpu', 'off'])
    try {
      while (pool.nodes()[0]?.instances !== 1) await new Promise((done) => setTimeout(done, 20))
      deepEqual([...pool.held()[0]!], ['0 letters double only'])
      const none = await ask(serving, 'banana')
      equal(none.status, 503)
      equal(none.body.reason, 'no_capable_node')

      await serving.addNode('willing', ['--slots', '1', '--gpu', 'off', '--code'])
      const { status, body } = await ask(serving, 'banana')
      equal(status, 200, JSON.stringify(body))
      // 6 letters and 3 vowels, doubled by a model, and doubled by the last program's own.
      deepEqual(body.outputs, { said: [{ text: '24 12' }] })
      const nodes = Object.fromEntries(
        body.stages.map(({ task, node }: { task: string; node: string }) => [task, node]),
      )
      equal(nodes['count'], 'willing')
      equal(nodes['say'], 'willing')
      equal(pool.nodes().find(({ name }) => name === 'plain')!.instances, 1)

      const bundle = serving.pipelines[0]!.models['stage.ts']!
      const script = await fetch(`${serving.url}/code/${bundle.sha256}.js`)
      equal(script.status, 200)
      match(script.headers.get('content-type')!, /^text\/javascript/)
      match(script.headers.get('content-security-policy')!, /script-src 'self'/)
      match(await script.text(), /export/)
      const model = serving.pipelines[0]!.models['double.onnx']!
      const refused = await fetch(`${serving.url}/code/${model.sha256}.js`)
      equal(refused.status, 404)
      await refused.body?.cancel()

      // Another program is another version, as another model is.
      await writeFiles(dir, { 'vowels.ts': `export const VOWELS = 'n'\n` })
      equal((await serving.reload('letters')).version, 2)
      deepEqual((await ask(serving, 'banana')).body.outputs, { said: [{ text: '24 8' }] })
    } finally {
      plain.kill('SIGTERM')
      await plain.status
      await serving.end()
    }
  })
})

Deno.test('a program that does not parse, or is none, is refused before anything is served', async () => {
  await inFolder(files, async (dir) => {
    const refused = async (changed: Parameters<typeof writeFiles>[1], why: RegExp) => {
      await writeFiles(dir, { ...files, ...changed })
      await rejects(loadPipeline(dir, () => {}), (error: Error) => {
        match(error.message, why)
        return true
      })
    }
    await refused(
      { 'stage.ts': 'export default {' },
      /tasks\.say\.stage: stage\.ts: .*stage\.ts:1:16/s,
    )
    await refused({ 'stage.ts': 'export const x = 1' }, /stage\.ts: it has no default export/)
    await refused(
      { 'count.ts': `import './gone.ts'\nexport default {}` },
      /count\.ts: .*Could not resolve "\.\/gone\.ts"/s,
    )
    const tasks = { ...pipeline.tasks, say: { ...pipeline.tasks.say, stage: '../stage.ts' } }
    await refused({ 'pipeline.json': { ...pipeline, tasks } }, /is not a path inside/)
  })
})
