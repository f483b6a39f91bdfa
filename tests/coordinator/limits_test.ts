import assert from 'node:assert/strict'
import type { NodeInfo } from '../../src/client/types.ts'
import { createPooledNode, joinedEvent } from '../../src/coordinator/nodes/nodes.ts'
import { servedVariants } from '../../src/pipeline/hold.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import type { Hello } from '../../src/protocol/mod.ts'
import { ask, honest, joinScripted, pipeline, withCoordinator } from './fixture.ts'

const hash = (letter: string) => letter.repeat(64)
const served = servedVariants(
  checkPipeline({
    ...{ schema: 'shoal-pipeline/1', name: 'p', sloMs: 1000, root: 't' },
    tasks: {
      t: {
        next: [],
        variants: {
          small: { accuracy: 0.5, model: 's', input: { height: 10, width: 10 } },
          large: { accuracy: 0.9, model: 'l', memoryBytes: 4e8 },
        },
      },
    },
  }, 'test'),
  { s: { sha256: hash('a'), bytes: 5e6 }, l: { sha256: hash('b'), bytes: 9e6 } },
)

function joined(hello: Partial<Hello>) {
  const whole: Hello = { type: 'hello', protocol: 1, nodeId: 'n', epoch: 1, ...hello }
  const { able, memoryBytes } = joinedEvent(createPooledNode(undefined as never, whole), served)
  return { able: able.map(({ variant, memoryBytes }) => [variant, memoryBytes]), memoryBytes }
}

Deno.test('joinedEvent() tells what each variant takes, and what one slot may hold', () => {
  const small = ['small', 5e6 + 100 * 100 * 8]
  const large = ['large', 4e8]
  assert.deepEqual(joined({}), { able: [small, large], memoryBytes: undefined })
  assert.deepEqual(joined({ slotMemoryBytes: 5e8 }), { able: [small, large], memoryBytes: 5e8 })
  assert.deepEqual(joined({ slotMemoryBytes: 3e8 }), { able: [small], memoryBytes: 3e8 })
  assert.deepEqual(joined({ slotMemoryBytes: 0 }), { able: [], memoryBytes: 0 })
  assert.deepEqual(joined({ downloads: 'least' }).able, [small])
  assert.deepEqual(joined({ downloads: 'least', cached: [hash('b')] }).able, [small, large])
})

Deno.test("/v1/nodes tells a node's limits and why it pauses, and no work goes there", () =>
  withCoordinator(async (coordinator) => {
    const info = async (fits: (info: NodeInfo) => boolean): Promise<NodeInfo> => {
      for (;;) {
        const { nodes } = await (await fetch(`${coordinator.url}/v1/nodes`)).json()
        if (nodes.length > 0 && fits(nodes[0])) return nodes[0]
      }
    }
    const limits = { memoryBytes: 6e8, slotMemoryBytes: 2e8, downloads: 'least' } as const
    const node = await joinScripted(coordinator, 'small', honest, limits)
    const { memoryBytes, slotMemoryBytes, downloads, pausedBy } = await info(() => true)
    assert.deepEqual({ memoryBytes, slotMemoryBytes, downloads }, limits)
    assert.equal(pausedBy, null)

    node.send({ type: 'report', paused: true, pausedBy: 'battery' })
    assert.equal((await info(({ state }) => state === 'paused')).pausedBy, 'battery')
    const refused = await ask(coordinator, { 'x-request-timeout-ms': '300' })
    await refused.body?.cancel()
    assert.equal(refused.status, 503)
    assert.deepEqual(node.batches, [])
    node.send({ type: 'report', paused: false })
    assert.equal((await info(({ state }) => state !== 'paused')).pausedBy, null)
    const answered = await ask(coordinator)
    await answered.body?.cancel()
    assert.equal(answered.status, 200)
    await node.leave()
  }))

/** The better one of each task has a model of its own, and the larger one. */
const find = pipeline.tasks['find']!
const byLink = {
  ...pipeline,
  tasks: {
    ...pipeline.tasks,
    find: {
      ...find,
      variants: {
        fast: { ...find.variants['fast']!, model: 'small' },
        slow: { ...find.variants['slow']!, model: 'large' },
      },
    },
  },
}

Deno.test('a node whose link costs nothing any more is asked to hold what it was spared', () =>
  withCoordinator(
    async (coordinator) => {
      const node = await joinScripted(coordinator, 'n', honest, { downloads: 'least' })
      const asked = () =>
        node.messages.flatMap((one) => one.type === 'load' ? one.instances : [])
          .map(({ variant }) => variant)
      await node.got('load', ({ instances }) => instances.some(({ task }) => task === 'read'))
      assert.ok(!asked().includes('slow'), String(asked()))
      let threadsPerRun = 1
      const downloadsAfter = async (downloads: 'all' | 'least', cached: string[]) => {
        node.send({ type: 'report', downloads, cached })
        node.send({ type: 'report', threadsPerRun: ++threadsPerRun })
        while (coordinator.pool.nodes()[0]?.threadsPerRun !== threadsPerRun) {
          await new Promise((done) => setTimeout(done, 5))
        }
        return coordinator.pool.nodes()[0]?.downloads
      }
      assert.equal(await downloadsAfter('all', []), 'all')
      await node.got('load', () => asked().includes('slow'))

      // What it holds stays, though the link costs again.
      assert.equal(await downloadsAfter('least', [hash('b')]), 'least')
      const answered = await ask(coordinator, { 'x-min-accuracy': '0.8' })
      await answered.body?.cancel()
      assert.equal(answered.status, 200)
      assert.ok(!node.messages.some(({ type }) => type === 'unload'))
      await node.leave()
    },
    undefined,
    {
      pipelines: [{
        ...{ dir: '', pipeline: byLink },
        models: {
          small: { file: '', sha256: hash('a'), bytes: 1 },
          large: { file: '', sha256: hash('b'), bytes: 2 },
        },
      }],
    },
  ))
