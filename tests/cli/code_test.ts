/** Programs that a pipeline brings: bundled, named by their content, run where that is allowed. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { loadPipeline } from '../../src/cli/pipelines/load.ts'
import { type Serving, startServing } from '../../src/cli/serve/serving.ts'
import { spawnNode } from '../../src/cli/serve/spawn_node.ts'
import { trustOptions } from '../../src/cli/serve/trust.ts'
import { files, lettersRequest, pipeline } from './code_scene.ts'
import { inFolder, writeFiles } from './own_scene.ts'

async function ask({ url }: Serving, text: string) {
  const response = await fetch(`${url}/v1/pipelines/letters/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: lettersRequest(text),
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

Deno.test('nodes of a pipeline that takes tensors are asked about no pictures', async () => {
  await inFolder(files, async (dir) => {
    const { question, stop } = await trustOptions([await loadPipeline(dir, () => {})])
    deepEqual(question?.('letters'), undefined)
    stop()
  })
})
