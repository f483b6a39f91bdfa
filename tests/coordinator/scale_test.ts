/** What of a node is in use: an admin says it, the node does it, the plan reckons with it. */
import assert from 'node:assert/strict'
import type { NodeInfo } from '../../src/client/types.ts'
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import { createNode } from '../../src/node/node.ts'
import type { InUse } from '../../src/policy/core/elastic.ts'
import type { PolicyCommand, PolicyEvent, Scheduler } from '../../src/policy/core/types.ts'
import type { CoordinatorMessage, Hello } from '../../src/protocol/mod.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import { sha256Hex } from '../../src/node/models/sha256.ts'
import { PIPELINE, readModel, SMALL_MODEL, testHost } from '../node/fixture.ts'
import {
  ask,
  joinScripted,
  type ScriptedNode,
  untilHolds,
  untilReady,
  withCoordinator,
} from './fixture.ts'

type Joined = Extract<PolicyEvent, { type: 'node_joined' }>

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

/** A scheduler that leaves in use what there is. */
const withoutScale = (scheduler: Scheduler): Scheduler => ({
  ...scheduler,
  handle: (event, nowMs, more) =>
    scheduler.handle(event, nowMs, more).filter(({ type }) => type !== 'scale'),
  plan: () => scheduler.plan(),
  stats: () => scheduler.stats(),
})

Deno.test('the scheduler uses no more of a node than an admin lets it', () =>
  withCoordinator(
    async (coordinator) => {
      const node = await joinScripted(coordinator, 'one', undefined, { slots: 2, duty: 0.9 })
      await untilHolds(coordinator, 'one', 8)
      const asked = await scale(coordinator, 'one', { slots: 1, duty: 0.5 })
      assert.equal(asked.status, 202)
      const { slots, duty, limit, inUse } = asked.json.node
      assert.deepEqual({ slots, duty, limit, inUse }, {
        ...{ slots: 2, duty: 0.9, limit: { slots: 1, duty: 0.5, threads: 1 } },
        // Nor is there more in use; how much of the time is for the node to say.
        inUse: { slots: 1, duty: 0.9, threads: 1 },
      })
      assert.deepEqual(await node.got('scale'), { type: 'scale', slots: 1, duty: 0.5 })
      assert.equal(infoOf(coordinator, 'one').instances, 4)
      node.send({ type: 'scaled', slots: 1, duty: 0.5, threads: 1 })
      await until(() => infoOf(coordinator, 'one').inUse.duty === 0.5)
      const answers = await Promise.all(Array.from({ length: 8 }, () => ask(coordinator)))
      for (const answer of answers) {
        assert.equal(answer.status, 200)
        await answer.body?.cancel()
      }
      assert.deepEqual(new Set(node.batches.map(({ message }) => message.slot)), new Set([0]))

      // What it found is not what may be in use, and it is told so.
      node.send({ type: 'report', slots: 3 })
      await until(() => infoOf(coordinator, 'one').slots === 3)
      assert.equal(infoOf(coordinator, 'one').limit.slots, 1)
      await until(() => node.messages.filter(({ type }) => type === 'scale').length === 2)
      assert.deepEqual(node.messages.at(-1), { type: 'scale', slots: 1 })
      await scale(coordinator, 'one', { slots: 256, duty: 1 })
      await untilHolds(coordinator, 'one', 12)
      assert.deepEqual(infoOf(coordinator, 'one').limit, { slots: 3, duty: 0.9, threads: 1 })
      // More than it lends it does not have.
      node.send({ type: 'scaled', slots: 9, duty: 1, threads: 200 })
      await until(() => infoOf(coordinator, 'one').inUse.slots === 3)
      assert.deepEqual(infoOf(coordinator, 'one').inUse, { slots: 3, duty: 0.9, threads: 1 })
    },
    undefined,
    { wrap: withoutScale },
  ))

Deno.test('a bound of an admin holds when the node comes again', () =>
  withCoordinator(async (coordinator) => {
    const node = await joinScripted(coordinator, 'one', undefined, { slots: 2 })
    await scale(coordinator, 'one', { slots: 1 })
    await node.leave()
    const again = await joinScripted(coordinator, 'one', undefined, { slots: 2, epoch: 2 })
    assert.deepEqual(await again.got('scale'), { type: 'scale', slots: 1 })
    assert.deepEqual(infoOf(coordinator, 'one').limit, { slots: 1, duty: 1, threads: 1 })
  }))

/** A scheduler that says what a test has it say, and a node that it says it of. */
async function withCommands(
  hello: Partial<Hello>,
  play: (scene: {
    coordinator: Coordinator
    node: ScriptedNode
    /** Has the scheduler say it; what the node hears of it, if anything. */
    say(use: InUse): Promise<CoordinatorMessage | undefined>
    heard: PolicyEvent[]
  }) => Promise<void>,
) {
  const heard: PolicyEvent[] = []
  let says: PolicyCommand[] = []
  const wrap = (scheduler: Scheduler): Scheduler => ({
    ...scheduler,
    handle(event) {
      heard.push(event)
      return says.splice(0)
    },
    plan: () => scheduler.plan(),
    stats: () => scheduler.stats(),
  })
  await withCoordinator(
    async (coordinator) => {
      const node = await joinScripted(coordinator, 'one', undefined, hello)
      let drop = 0
      await play({
        ...{ coordinator, node, heard },
        async say(use) {
          says = [{ type: 'scale', node: 'one', ...use }, { type: 'unload', ...MARK, slot: drop }]
          coordinator.pool.admin.resume('one')
          // Whatever came of it came before this.
          const at = drop++
          await node.got('unload', ({ instances }) => instances[0]!.slot === at)
          const before = node.messages.at(-2)
          return before?.type === 'scale' ? before : undefined
        },
      })
    },
    undefined,
    { wrap },
  )
}
const MARK = { node: 'one', pipeline: 'words', task: 'find', variant: 'fast' }

Deno.test('a scheduler is told what there is of a node, and what is in use', () =>
  withCommands(
    { slots: 3, duty: 0.5, threadsPerRun: 1, cold: true, watts: { idle: 5, busy: 9 } },
    async ({ node, heard, coordinator }) => {
      const joined = heard.find(({ type }) => type === 'node_joined') as Joined
      const { slots, duty, threads, cold, speedups, power } = joined
      assert.deepEqual({ slots, duty, threads, cold, speedups, power }, {
        ...{ slots: 3, duty: 0.47, threads: 1, cold: true, speedups: undefined },
        power: { idleW: 5, busyW: 9, exponent: 1 },
      })
      assert.equal(infoOf(coordinator, 'one').cold, true)
      node.send({ type: 'report', speedups: [1, 1.75] })
      await until(() => heard.some((event) => 'speedups' in event))
      assert.deepEqual(heard.at(-1), { type: 'node_reported', node: 'one', speedups: [1, 1.75] })
      assert.equal(infoOf(coordinator, 'one').limit.threads, 2)
      node.send({ type: 'scaled', slots: 2, duty: 0.23, threads: 2 })
      await until(() => heard.at(-1)?.type === 'node_scaled')
      assert.deepEqual(heard.at(-1), {
        ...{ type: 'node_scaled', node: 'one', slots: 2, duty: 0.2, threads: 2 },
      })
      assert.equal(heard.some((event) => event.type === 'node_reported' && 'slots' in event), false)
    },
  ))

Deno.test('a node is told what the scheduler says of it, where that is news', () =>
  withCommands({ slots: 3, duty: 0.5 }, async ({ coordinator, node, say }) => {
    const all = { slots: 3, duty: 0.47, threads: 1 }
    assert.equal(await say(all), undefined)
    assert.deepEqual(await say({ ...all, slots: 0 }), { type: 'scale', slots: 0, duty: 0.5 })
    // It was told, and says nothing yet: who changes their mind is not taken for one who has not.
    assert.deepEqual(await say(all), { type: 'scale', slots: 3, duty: 0.5 })
    node.send({ type: 'scaled', slots: 3, duty: 0.5, threads: 1 })
    assert.equal(await say(all), undefined)
    // The share of the time that batches may take, threads of which nothing is known, and limits.
    const half = { slots: 7, duty: 0.235, threads: 4 }
    assert.deepEqual(await say(half), { type: 'scale', slots: 3, duty: 0.265 })
    node.send({ type: 'report', speedups: [1, 1.75] })
    await until(() => infoOf(coordinator, 'one').limit.threads === 2)
    assert.deepEqual(await say({ ...all, threads: 4 }), {
      ...{ type: 'scale', slots: 3, duty: 0.5, threads: 2 },
    })
  }))

Deno.test('what an admin allows bounds what the scheduler says', () =>
  withCommands({ slots: 3 }, async ({ coordinator, say, heard }) => {
    await scale(coordinator, 'one', { slots: 2, duty: 0.5 })
    assert.deepEqual(heard.find((event) => 'slots' in event && event.type === 'node_reported'), {
      ...{ type: 'node_reported', node: 'one', slots: 2, duty: 0.47 },
    })
    assert.deepEqual(await say({ slots: 3, duty: 1, threads: 1 }), {
      ...{ type: 'scale', slots: 2, duty: 0.5 },
    })
    assert.deepEqual(await say({ slots: 1, duty: 0.07, threads: 1 }), {
      ...{ type: 'scale', slots: 1, duty: 0.1 },
    })
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
      await until(() => infoOf(coordinator, id).inUse.duty === 0.3)
      assert.deepEqual(infoOf(coordinator, id).inUse, { slots: 1, duty: 0.3, threads: 1 })
      await scale(coordinator, id, { slots: 256, duty: 1 })
      await untilHolds(coordinator, id, 6)
      await until(() => infoOf(coordinator, id).inUse.slots === 2)
      await until(() => infoOf(coordinator, id).inUse.duty === 0.8)
      assert.deepEqual(infoOf(coordinator, id).inUse, { slots: 2, duty: 0.8, threads: 1 })
      await node.stop()
    },
    undefined,
    {
      pipelines: [{ dir: '', pipeline: checkPipeline(PIPELINE, 'fixture'), models }],
      wrap: withoutScale,
    },
  )
  await caches.delete(cache)
  await Deno.remove(file)
})
