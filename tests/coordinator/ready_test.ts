/** What nodes say they hold: only what there is, in slots that they have, as they run now. */
import assert from 'node:assert/strict'
import type { NodeInfo } from '../../src/client/types.ts'
import type { PooledNode } from '../../src/coordinator/nodes/nodes.ts'
import { createReadiness } from '../../src/coordinator/pool/ready.ts'
import type { Pipeline } from '../../src/pipeline/schema.ts'
import type { CoordinatorMessage } from '../../src/protocol/mod.ts'
import {
  ask,
  joinScripted,
  openLink,
  pipeline,
  type ScriptedNode,
  untilHolds,
  untilReady,
  withCoordinator,
} from './fixture.ts'

const real = { slot: 0, pipeline: 'words', task: 'find', variant: 'fast' }
const NONE = [
  { ...real, slot: 1 },
  { ...real, slot: 999_999 },
  { ...real, pipeline: 'words~2' },
  { ...real, task: 'guess' },
  { ...real, task: 'constructor' },
  { ...real, variant: 'large' },
  { ...real, variant: '__proto__' },
  { ...real, variant: 'v'.repeat(128) },
]

const info = async ({ url }: { url: string }): Promise<NodeInfo> =>
  (await (await fetch(`${url}/v1/nodes`)).json()).nodes[0]

const unloads = (node: ScriptedNode) =>
  node.messages.flatMap((message) => message.type === 'unload' ? message.instances : [])

Deno.test('a node that is ready with what there is not is told to unload it, and goes on', () =>
  withCoordinator(async (coordinator) => {
    const node = await joinScripted(coordinator, 'odd')
    await untilHolds(coordinator, 'odd', 4)
    const instead = { backend: 'webgpu', backendReason: 'r' } as const
    for (const one of NONE) node.send({ type: 'ready', loadMs: 1, ...one, ...instead })
    node.send({ type: 'report', threadsPerRun: 7 })
    while ((await info(coordinator)).threadsPerRun !== 7);
    const { instances, fallbacks } = await info(coordinator)
    assert.equal(instances, 4)
    assert.deepEqual(fallbacks, [])
    assert.deepEqual([...coordinator.pool.node('odd')!.tasks], ['words find', 'words read'])
    while (unloads(node).length < NONE.length) await new Promise((done) => setTimeout(done, 1))
    assert.deepEqual(unloads(node), NONE)
    const response = await ask(coordinator)
    assert.equal(response.status, 200, await response.text())
    assert.equal(node.socket.readyState, WebSocket.OPEN)
  }))

/** Has loads answered by the test; all else as ever. */
async function joinHeld(
  coordinator: Parameters<typeof openLink>[0],
  hello: { backend: 'wasm' | 'webgpu'; slots: number },
) {
  const node = await openLink(coordinator)
  const loads: Extract<CoordinatorMessage, { type: 'load' }>['instances'] = []
  const listen = node.socket.onmessage!
  let recheck = () => {}
  node.socket.onmessage = (event) => {
    const message = typeof event.data === 'string' ? JSON.parse(event.data) : {}
    if (message.type !== 'load') return listen.call(node.socket, event)
    loads.push(...message.instances)
    recheck()
  }
  node.send({ type: 'hello', protocol: 1, nodeId: 'held', epoch: 1, ...hello })
  return {
    node,
    /** The next load that was not taken. */
    async load() {
      while (loads.length === 0) await new Promise<void>((done) => recheck = done)
      return loads.shift()!
    },
  }
}

Deno.test('what gets ready after its node moved to another backend is unloaded, and its slot loads on', () => {
  const tasks = structuredClone(pipeline.tasks)
  for (const { variants } of Object.values(tasks)) {
    for (const variant of Object.values(variants)) variant.backends = ['webgpu']
  }
  tasks['find']!.variants['fast']!.backends = ['wasm', 'webgpu']
  return withCoordinator(
    async (coordinator) => {
      const { node, load } = await joinHeld(coordinator, { backend: 'webgpu', slots: 1 })
      const first = await load()
      assert.notEqual(first.variant, 'fast')
      node.send({ type: 'report', backend: 'wasm' })
      node.send({ type: 'ready', loadMs: 1, ...first })
      const { instances } = await node.got('unload')
      assert.deepEqual(instances, [first])
      const next = await load()
      assert.equal(next.variant, 'fast')
      node.send({ type: 'ready', loadMs: 1, ...next })
      await untilHolds(coordinator, 'held', 1)
      assert.deepEqual([...coordinator.pool.node('held')!.instances], ['0 words find fast'])
    },
    undefined,
    { pipelines: [{ dir: '', pipeline: { ...pipeline, tasks }, models: {} }] },
  )
})

Deno.test('what gets ready in a slot that was given up is unloaded, and the others serve', () =>
  withCoordinator(async (coordinator) => {
    const { node, load } = await joinHeld(coordinator, { backend: 'wasm', slots: 2 })
    const both = [await load(), await load()]
    assert.deepEqual(both.map(({ slot }) => slot).sort(), [0, 1])
    node.send({ type: 'report', slots: 1 })
    for (const one of both) node.send({ type: 'ready', loadMs: 1, ...one })
    for (let i = 0; i < 3; i++) node.send({ type: 'ready', loadMs: 1, ...await load() })
    await untilHolds(coordinator, 'held', 4)
    assert.deepEqual(unloads(node), both.filter(({ slot }) => slot === 1))
    const response = await ask(coordinator)
    assert.equal(response.status, 200, await response.text())
  }))

Deno.test('what a node gave up after it held it counts as held no more', () =>
  withCoordinator(async (coordinator) => {
    const { node, load } = await joinHeld(coordinator, { backend: 'wasm', slots: 1 })
    const held = []
    while (held.length < 4) {
      held.push(await load())
      node.send({ type: 'ready', loadMs: 1, ...held.at(-1)! })
    }
    await untilReady(coordinator)
    await untilHolds(coordinator, 'held', 4)
    for (const one of held) node.send({ type: 'load_failed', message: 'its worker died', ...one })
    node.send({ type: 'report', threadsPerRun: 7 })
    while ((await info(coordinator)).threadsPerRun !== 7);
    assert.equal((await info(coordinator)).instances, 0)
    assert.deepEqual(coordinator.pool.plan().instances, [])
    const response = await fetch(`${coordinator.url}/v2/health/ready`)
    await response.body?.cancel()
    assert.equal(response.status, 503)
  }))

const readyIs = async ({ url }: { url: string }) => {
  const response = await fetch(`${url}/v2/health/ready`)
  await response.body?.cancel()
  const model = await fetch(`${url}/v2/models/words/ready`)
  await model.body?.cancel()
  assert.equal(model.status, response.status)
  return response.status
}

Deno.test('ready is said once the most accurate variants are warm, and stays said while others load', () =>
  withCoordinator(async (coordinator) => {
    const { node, load } = await joinHeld(coordinator, { backend: 'wasm', slots: 1 })
    const best = [await load()]
    node.send({ type: 'ready', loadMs: 1, ...best[0]! })
    best.push(await load())
    assert.deepEqual(best.map(({ task, variant }) => `${task} ${variant}`).sort(), [
      'find slow',
      'read large',
    ])
    assert.equal(await readyIs(coordinator), 503)
    node.send({ type: 'ready', loadMs: 1, ...best[1]! })
    const quick = await load()
    assert.ok(['fast', 'small'].includes(quick.variant))
    assert.equal(await readyIs(coordinator), 200)
    // Another node is to hold all, too: who asks meanwhile is served by this one.
    await openLink(coordinator).then((other) =>
      other.send({
        type: 'hello',
        protocol: 1,
        nodeId: 'other',
        epoch: 1,
        backend: 'wasm',
        slots: 1,
      })
    )
    while (coordinator.pool.node('other') === undefined) {
      await new Promise((done) => setTimeout(done, 1))
    }
    assert.equal(await readyIs(coordinator), 200)
  }))

Deno.test('what holds the quick variants alone is ready once nothing better is to come', () =>
  withCoordinator(async (coordinator) => {
    const { node, load } = await joinHeld(coordinator, { backend: 'wasm', slots: 1 })
    const failed = new Set<string>()
    for (let n = 0; n < 4; n++) {
      const one = await load()
      assert.equal(await readyIs(coordinator), 503)
      if (['slow', 'large'].includes(one.variant)) {
        failed.add(one.task)
        node.send({ type: 'load_failed', message: 'there is no room', ...one })
      } else node.send({ type: 'ready', loadMs: 1, ...one })
    }
    assert.equal(failed.size, 2)
    await untilReady(coordinator)
  }))

Deno.test('a pipeline is ready once it was rehearsed, and in time by its best path or done with loading', async () => {
  const tree = { ...pipeline, name: 'words' } as Pipeline
  const refs = Object.entries(tree.tasks).flatMap(([task, { variants }]) =>
    Object.keys(variants).map((variant) => ({ pipeline: 'words', task, variant }))
  )
  const node = {
    ...{ slots: 1, instances: new Set<string>(), loading: new Set(['0 words more']) },
    tasks: new Set<string>(),
  } as unknown as PooledNode
  const answered = Promise.withResolvers<void>()
  const asked: string[] = []
  let inTime = false
  const { isReady, recheck } = createReadiness({
    nodes: new Map([['a', node]]),
    pipelines: () => [tree],
    ableOn: () => refs,
    bestInTime: () => inTime,
    rehearse({ name }) {
      asked.push(name)
      return answered.promise
    },
  })
  recheck()
  assert.deepEqual(asked, [], 'nothing is warm')
  for (const ref of refs) {
    node.instances.add(`0 ${ref.pipeline} ${ref.task} ${ref.variant}`)
    node.tasks.add(`${ref.pipeline} ${ref.task}`)
  }
  recheck()
  recheck()
  assert.deepEqual(asked, ['words'], 'once')
  assert.equal(isReady(tree), false)
  answered.resolve()
  await answered.promise
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
  assert.equal(isReady(tree), false, 'late by its best path, and others are on their way')
  inTime = true
  assert.equal(isReady(tree), true)
  inTime = false
  assert.equal(isReady(tree), true, 'it is served as before')
})
