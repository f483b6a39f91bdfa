/** What of a node is in use: an admin says it, the node does it, the plan reckons with it. */
import assert from 'node:assert/strict'
import type { NodeInfo } from '../../src/client/types.ts'
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import { createNode } from '../../src/node/node.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import { sha256Hex } from '../../src/node/models/sha256.ts'
import { PIPELINE, readModel, SMALL_MODEL, testHost } from '../node/fixture.ts'
import { ask, joinScripted, untilHolds, untilReady, withCoordinator } from './fixture.ts'

async function scale({ url }: Coordinator, id: string, wish: unknown) {
  const body = typeof wish === 'string' ? wish : JSON.stringify(wish)
  const response = await fetch(`${url}/v1/nodes/${id}/scale`, { method: 'POST', body })
  return { status: response.status, json: await response.json() }
}

const infoOf = ({ pool }: Coordinator, id: string): NodeInfo =>
  pool.nodes().find((node) => node.id === id) ?? assert.fail(`no node ${id}`)

async function until(is: () => boolean) {
  while (!is()) await new Promise((done) => setTimeout(done, 1))
}

Deno.test('the scheduler uses no more of a node than the node says is in use', () =>
  withCoordinator(async (coordinator) => {
    const node = await joinScripted(coordinator, 'one', undefined, { slots: 2, duty: 0.9 })
    await untilHolds(coordinator, 'one', 8)
    const asked = await scale(coordinator, 'one', { slots: 1, duty: 0.5 })
    assert.equal(asked.status, 202)
    const before = { slots: 2, duty: 0.9, threads: 1 }
    assert.deepEqual(asked.json.node.inUse, before)
    assert.deepEqual(await node.got('scale'), { type: 'scale', slots: 1, duty: 0.5 })

    node.send({ type: 'scaled', slots: 1, duty: 0.5, threads: 1 })
    await until(() => infoOf(coordinator, 'one').inUse.slots === 1)
    const { slots, duty, inUse, instances } = infoOf(coordinator, 'one')
    assert.deepEqual({ slots, duty, inUse, instances }, {
      ...{ slots: 2, duty: 0.9, instances: 4 },
      inUse: { slots: 1, duty: 0.5, threads: 1 },
    })
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(coordinator)))
    for (const answer of answers) {
      assert.equal(answer.status, 200)
      await answer.body?.cancel()
    }
    assert.deepEqual(new Set(node.batches.map(({ message }) => message.slot)), new Set([0]))

    // What the node found is not what it has in use.
    node.send({ type: 'report', slots: 3 })
    await until(() => infoOf(coordinator, 'one').slots === 3)
    assert.equal(infoOf(coordinator, 'one').inUse.slots, 1)
    // More than it lends it does not have.
    node.send({ type: 'scaled', slots: 9, duty: 1, threads: 1 })
    await untilHolds(coordinator, 'one', 12)
    assert.deepEqual(infoOf(coordinator, 'one').inUse, { slots: 3, duty: 0.9, threads: 1 })
  }))

Deno.test('a wish that is none is refused, and so is one for a node that is not here', () =>
  withCoordinator(async (coordinator) => {
    const node = await joinScripted(coordinator, 'one')
    await untilReady(coordinator)
    for (
      const wish of [
        ...[{}, [], null, 'slots', '', { slots: 0 }, { slots: -1 }, { slots: 1.5 }, { slots: '1' }],
        ...[{ slots: 257 }, { duty: 0 }, { duty: 1.01 }, { duty: null }, { slots: 1, hours: 2 }],
        ...['{"slots":NaN}', '{"duty":1e999}'],
      ]
    ) {
      const { status, json } = await scale(coordinator, 'one', wish)
      assert.deepEqual([status, json.reason], [400, 'invalid_input'], JSON.stringify(wish))
    }
    const { status, json } = await scale(coordinator, 'two', { slots: 1 })
    assert.deepEqual([status, json.reason], [404, 'not_found'])
    assert.equal(node.messages.some(({ type }) => type === 'scale'), false)
  }))

Deno.test('a real node does as it is told over its link, within its limits', async () => {
  const bytes = await readModel(SMALL_MODEL)
  const file = await Deno.makeTempFile()
  await Deno.writeFile(file, bytes)
  const models = { m: { sha256: await sha256Hex(bytes), bytes: bytes.byteLength, file } }
  const cache = crypto.randomUUID()
  await withCoordinator(
    async (coordinator) => {
      const node = createNode({
        ...{ host: testHost(cache), url: coordinator.url, slots: 2, duty: 0.8 },
        ...{ measure: false, backend: 'wasm' },
      })
      await node.start()
      await untilReady(coordinator)
      const { id } = coordinator.pool.nodes()[0]!
      await untilHolds(coordinator, id, 6)
      assert.equal((await scale(coordinator, id, { slots: 1, duty: 0.3 })).status, 202)
      await until(() => infoOf(coordinator, id).inUse.slots === 1)
      assert.deepEqual(infoOf(coordinator, id).inUse, { slots: 1, duty: 0.3, threads: 1 })
      await scale(coordinator, id, { slots: 256, duty: 1 })
      await untilHolds(coordinator, id, 6)
      assert.deepEqual(infoOf(coordinator, id).inUse, { slots: 2, duty: 0.8, threads: 1 })
      await node.stop()
    },
    undefined,
    { pipelines: [{ dir: '', pipeline: checkPipeline(PIPELINE, 'fixture'), models }] },
  )
  await caches.delete(cache)
  await Deno.remove(file)
})
