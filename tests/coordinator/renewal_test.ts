/** A version that comes while its pipeline serves: no node alone says whether, or when. */
import assert from 'node:assert/strict'
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import type { PooledNode } from '../../src/coordinator/nodes/nodes.ts'
import { createRenewal } from '../../src/coordinator/pool/renewal.ts'
import { createVersions } from '../../src/coordinator/pool/versions.ts'
import {
  ask,
  type Batch,
  honest,
  joinScripted,
  PATIENT,
  pipeline,
  untilHolds,
  untilReady,
  withCoordinator,
} from './fixture.ts'

const next = (version: number) => ({
  pipeline: { ...pipeline, name: `words~${version}` },
  models: {},
})

/** One that can load what there was at the start, and nothing since. */
async function joinUnable(coordinator: Coordinator, nodeId: string) {
  const node = await joinScripted(coordinator, nodeId)
  const { send } = node
  node.send = (message, blobs) => {
    if (message.type !== 'ready' || !message.pipeline.includes('~')) return send(message, blobs)
    const { slot, pipeline, task, variant } = message
    send({ type: 'load_failed', message: 'no engine', slot, pipeline, task, variant })
  }
  return node
}

const renew = ({ pool }: Coordinator, version: number) =>
  pool.renew(next(version), pool.versions.find('words')!)

Deno.test('a node that cannot load a version does not keep it from the others', () =>
  withCoordinator(async (coordinator) => {
    const nodes = [
      await joinUnable(coordinator, 'unable'),
      await joinScripted(coordinator, 'one'),
      await joinScripted(coordinator, 'two'),
    ]
    await untilReady(coordinator)
    await renew(coordinator, 2)
    const answer = await (await ask(coordinator)).json()
    assert.equal(answer.version, 2)
    for (const node of nodes) await node.leave()
  }))

Deno.test('a version that most nodes cannot load is refused with what they said', () =>
  withCoordinator(async (coordinator) => {
    const nodes = [
      await joinScripted(coordinator, 'one'),
      await joinUnable(coordinator, 'unable'),
      await joinUnable(coordinator, 'also'),
    ]
    await untilReady(coordinator)
    await assert.rejects(renew(coordinator, 2), /^RenewalError: \w+ \w+: no engine$/)
    assert.equal(coordinator.pool.versions.all().length, 1)
    const answer = await (await ask(coordinator)).json()
    assert.equal(answer.version, 1)
    for (const node of nodes) await node.leave()
  }))

/** As {@linkcode joinScripted}, honest, but keeps a task's batches back, those sent again, too, until let. */
async function joinWithholding(coordinator: Coordinator, nodeId: string) {
  const held = new Set<string>()
  const kept: Batch[] = []
  const behave = (batch: Batch) => {
    if (!held.has(batch.message.task)) return honest(batch)
    kept.push(batch)
    return undefined
  }
  // Behind a batch that is late a slot is given nothing: each task has one of its own.
  const { got, send } = await joinScripted(coordinator, nodeId, behave, { slots: 2 })
  return {
    hold: (task: string) => void held.add(task),
    untilHeld: (task: string) =>
      got(
        'batch',
        ({ batch }) => kept.some(({ message }) => message.batch === batch && message.task === task),
      ),
    let(task: string) {
      held.delete(task)
      for (const batch of kept.filter(({ message }) => message.task === task)) {
        const { items, blobs } = honest(batch)!
        const took = { queueMs: 0, computeMs: 1, elapsedMs: 1 }
        send({ type: 'result', batch: batch.message.batch, items, ...took }, blobs)
      }
    },
  }
}

Deno.test('a version stays until all that began with it is answered, and no longer', () =>
  withCoordinator(async (coordinator) => {
    const { versions } = coordinator.pool
    const served = () => versions.all().map(({ pipeline }) => pipeline.name)
    const node = await joinWithholding(coordinator, 'one')
    await untilReady(coordinator)
    // Two queries in stages of their own, so that each can be let end without the other.
    const queries = []
    for (const task of ['read', 'find']) {
      node.hold(task)
      queries.push({ task, response: ask(coordinator, PATIENT) })
      await node.untilHeld(task)
    }
    const renewed = renew(coordinator, 2)
    while (versions.find('words')!.pipeline.name !== 'words~2') {
      await new Promise((done) => setTimeout(done, 1))
    }
    for (const { task, response } of queries) {
      assert.deepEqual(served(), ['words', 'words~2'])
      node.let(task)
      const answer = await response
      assert.equal(answer.status, 200)
      assert.equal((await answer.json()).version, 1)
    }
    await renewed
    assert.deepEqual(served(), ['words~2'])
  }))

Deno.test('what runs on another backend is told of the new version alone once the old one is gone', () =>
  withCoordinator(async (coordinator) => {
    const node = await joinScripted(coordinator, 'gpu', undefined, { backend: 'webgpu' })
    const instead = { backend: 'wasm', backendReason: 'wasm: too large' } as const
    const { send } = node
    node.send = (message, blobs) =>
      send(message.type === 'ready' ? { ...message, ...instead } : message, blobs)
    await untilHolds(coordinator, 'gpu', 4)
    await renew(coordinator, 2)
    const { nodes } = await (await fetch(`${coordinator.url}/v1/nodes`)).json()
    const names = nodes[0].fallbacks.map(({ variant }: { variant: string }) => variant)
    assert.deepEqual(names.sort(), ['fast', 'large', 'slow', 'small'])
  }))

Deno.test('nodes that never say that they loaded a version hold it up once, however many', async () => {
  const old = { pipeline, models: {} }
  const nodes = new Map(Array.from({ length: 20 }, (_, i) => {
    const node = { id: `${i}`, name: `${i}`, slots: 1, instances: new Set<string>() } as PooledNode
    return [node.id, node]
  }))
  const offered: PooledNode[] = []
  const nothing = () => {}
  const renewal = createRenewal({
    ...{ nodes, versions: createVersions([old]), post: nothing, log: nothing },
    ...{
      isReady: () => true,
      isOpen: () => true,
      opened: nothing,
      added: nothing,
      closed: nothing,
    },
    offer(node) {
      offered.push(node)
      const able = [{ pipeline: 'words~2', task: 'find', variant: 'fast' }]
      return { type: 'node_joined', node: node.id, slots: 1, duty: 1, able }
    },
  })
  const { setTimeout } = globalThis
  let waitedMs = 0
  globalThis.setTimeout = ((action: () => void, ms: number) => {
    waitedMs += ms
    return setTimeout(action)
  }) as typeof setTimeout
  try {
    await renewal.renew(next(2), old)
  } finally {
    globalThis.setTimeout = setTimeout
  }
  assert.deepEqual(new Set(offered), new Set(nodes.values()))
  assert.equal(waitedMs, 60_000)
})
