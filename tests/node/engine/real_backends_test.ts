/** Engines as they are: the same picture on each gives the same text; a lost GPU is survived. */
import { equal, match, ok } from 'node:assert/strict'
import { codecAssetUrls } from '../../../src/cli/serve/codec_assets.ts'
import { nativeEngine } from '../../../src/cli/node/native_engine.ts'
import { bringUp } from '../../../src/node/slot/bring_up.ts'
import { systemClock } from '../../../src/node/clock.ts'
import { readAdapter } from '../../../src/node/engine/adapter.ts'
import type { Backend } from '../../../src/node/engine/engine.ts'
import type { InstanceSpec, WorkerAssets } from '../../../src/node/engine/worker_api.ts'
import { taskOf, variantOf } from '../../../src/pipeline/tree.ts'
import type { StageItem } from '../../../src/stages/types.ts'
import { modelFile, pipeline, sample } from '../../stages/ocr.ts'
import { A, batchOf, BYTES, item, load, withNode } from '../fixture.ts'
import { ofAll, testOfAll } from '../../exhaustive.ts'

const DETECTOR = '256x320'
const RECOGNISER = 'h16w400'
const MOST_MS = 60_000

const adapter = await readAdapter()
const why = adapter === undefined ? ' (skipped: no WebGPU adapter here)' : ''
const withGpu = { ignore: adapter === undefined }
const wantsNative = Deno.env.get('SHOAL_TEST_NATIVE') === '1'

const specOf = (task: string, variant: string): InstanceSpec => ({
  key: `ocr/${task}/${variant}`,
  task: taskOf(pipeline, task),
  variant: variantOf(pipeline, task, variant),
  next: taskOf(pipeline, task).next,
  hash: variantOf(pipeline, task, variant).model!,
})

/** The sample page's text, read by a worker as shipped. */
async function readPage(backend: Backend, ort: WorkerAssets['ort'] = {}): Promise<string[]> {
  const specs = [specOf('detect', DETECTOR), specOf('recognise', RECOGNISER)]
  const up = await bringUp({
    clock: systemClock,
    assets: { codecs: codecAssetUrls(), ort },
    createWorker: () =>
      new Worker(new URL('../../../workers/inference.ts', import.meta.url), { type: 'module' }),
    engine: { backend, threads: 1 },
    specs,
    fetchModel: ({ hash }) => Deno.readFile(modelFile(hash)),
    maxLoadMs: MOST_MS,
  })
  ok(up.ok, up.ok ? '' : up.message)
  const { client } = up.value
  const run = async ({ key }: InstanceSpec, items: StageItem[]) => {
    const answer = await client.run(key, items, 'raw', MOST_MS)
    ok(answer.ok, answer.ok ? '' : answer.message)
    return answer.value.results
  }
  const page = { meta: { type: 'image/jpeg' }, bytes: await sample('page.jpg') }
  const [found] = await run(specs[0]!, [page])
  ok(found?.ok)
  // Three at a time, no power of two: where batches are filled up, the surplus must not show.
  const crops = found.children['recognise']!.slice(0, 3)
  const lines = await run(specs[1]!, crops)
  client.close()
  return lines.map((line) => line.ok ? String(line.fields?.['text']) : line.reason)
}

// On a processor a GPU's work takes long, and tests/browser has every backend read, and one lost.
testOfAll(`wasm and webgpu read the same text from one page${why}`, async () => {
  const expected = await readPage('wasm')
  ok(expected.join('').length > 20)
  equal((await readPage('webgpu')).join('\n'), expected.join('\n'))
}, withGpu)

testOfAll(
  `node loses its GPU in the middle of a batch, fails it and serves the next${why}`,
  async () => {
    await withNode({ backend: 'webgpu' }, async ({ peer, node }) => {
      equal(peer.hello.backend, 'webgpu')
      equal(peer.hello.backendReason, 'webgpu: asked for by name')
      const restarts: string[] = []
      node.subscribe((event) => event.type === 'restarted' && restarts.push(event.message))
      await load(peer, A)
      peer.send(batchOf(1, A, [item({ do: 'lose' })]), [BYTES])
      equal((await peer.take('batch_failed')).message.batch, 1)
      await peer.take('ready')
      equal(restarts.length, 1)
      match(restarts[0]!, /device was lost/)
      peer.send(batchOf(2, A, [item()]), [BYTES])
      equal((await peer.take('result')).message.items[0]?.ok, true)
    })
  },
  withGpu,
)

const isSoftware = adapter?.software === true
const whyNot = isSoftware ? '' : ' (skipped: no software adapter here)'
Deno.test(ofAll({
  name: `auto tries no software adapter and stays on wasm${whyNot}`,
  ignore: !isSoftware,
  async fn() {
    await withNode({ backend: 'auto', measure: true }, ({ peer }) => {
      equal(peer.hello.backend, 'wasm')
      equal(peer.hello.device?.software, true)
      match(peer.hello.backendReason!, /^wasm: webgpu \(.+, a software adapter\) is used only/)
      return Promise.resolve()
    })
  },
}))

Deno.test({
  name: 'wasm and native read the same text from one page' +
    (wantsNative ? '' : ' (skipped: fetches 288 MB; SHOAL_TEST_NATIVE=1 has it run)'),
  ignore: !wantsNative,
  async fn() {
    const module = await nativeEngine(() => {})
    const expected = await readPage('wasm')
    equal((await readPage('native', { native: { module } })).join('\n'), expected.join('\n'))
  },
})
