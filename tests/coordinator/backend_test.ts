import assert from 'node:assert/strict'
import type { InferAnswer, NodeInfo } from '../../src/client/types.ts'
import { ask, joinScripted, pipeline, untilHolds, withCoordinator } from './fixture.ts'

const DEVICE = {
  vendor: 'acme',
  architecture: 'a1',
  description: '',
  software: false,
  maxBufferSize: 1e9,
  maxStorageBufferBindingSize: 1e8,
  shaderF16: true,
}

Deno.test('/v1/nodes says what a node runs on and why, and follows its reports', () =>
  withCoordinator(async (coordinator) => {
    const hello = { backendReason: 'wasm: webgpu is yet to be measured', device: DEVICE }
    const node = await joinScripted(coordinator, 'gpu', undefined, hello)
    const info = async (): Promise<NodeInfo> => {
      const { nodes } = await (await fetch(`${coordinator.url}/v1/nodes`)).json()
      return nodes[0]
    }
    const before = await info()
    assert.equal(before.backend, 'wasm')
    assert.equal(before.backendReason, hello.backendReason)
    assert.deepEqual(before.device, DEVICE)
    node.send({ type: 'report', backend: 'webgpu', backendReason: 'webgpu: 3 ms, wasm 30 ms' })
    let after = await info()
    while (after.backend === 'wasm') after = await info()
    assert.equal(after.backend, 'webgpu')
    assert.equal(after.backendReason, 'webgpu: 3 ms, wasm 30 ms')
    assert.equal(after.threadsPerRun, 1)
    node.send({ type: 'report', backend: 'wasm', threadsPerRun: 2 })
    while (after.backend === 'webgpu') after = await info()
    assert.equal(after.threadsPerRun, 2)
  }))

Deno.test('/v1/nodes shows a download under way, and not one that came to nothing', () =>
  withCoordinator(async (coordinator) => {
    const node = await joinScripted(coordinator, 'one')
    let threadsPerRun = 1
    /** What is shown once these have been heard. */
    const shown = async (...told: [label: string, done: number, total: number][]) => {
      for (const [label, done, total] of told) {
        node.send({ type: 'report', progress: { label, done, total } })
      }
      threadsPerRun++
      node.send({ type: 'report', threadsPerRun })
      for (;;) {
        const { nodes } = await (await fetch(`${coordinator.url}/v1/nodes`)).json()
        if (nodes[0].threadsPerRun === threadsPerRun) return nodes[0].progress
      }
    }
    assert.equal((await shown(['a', 1, 9])).label, 'a')
    assert.equal((await shown(['b', 1, 9])).label, 'b')
    assert.equal((await shown(['a', 0, 0])).label, 'b')
    assert.equal(await shown(['b', 0, 0]), null)
    assert.equal(await shown(['a', 1, 9], ['a', 9, 9]), null)
  }))

Deno.test('a variant that a node runs on another backend is told of as such', () =>
  withCoordinator(async (coordinator) => {
    const node = await joinScripted(coordinator, 'gpu', undefined, { backend: 'webgpu' })
    await untilHolds(coordinator, 'gpu', 4)
    const ref = { pipeline: 'words', task: 'find', variant: 'slow' }
    const instead = { backend: 'wasm', backendReason: 'wasm: too large' } as const
    node.send({ type: 'ready', slot: 0, loadMs: 1, ...ref, ...instead })
    const fallbacks = async (): Promise<NodeInfo['fallbacks']> =>
      (await (await fetch(`${coordinator.url}/v1/nodes`)).json()).nodes[0].fallbacks
    while ((await fallbacks()).length === 0);
    assert.deepEqual(await fallbacks(), [{ ...ref, ...instead }])
    const answer: InferAnswer = await (await ask(coordinator)).json()
    for (const { variant, backend } of answer.stages) {
      assert.equal(backend, variant === 'slow' ? 'wasm' : 'webgpu', variant)
    }
    assert.ok(answer.stages.some(({ variant }) => variant === 'slow'))
    node.send({ type: 'ready', slot: 0, loadMs: 1, ...ref })
    while ((await fallbacks()).length > 0);
  }))

Deno.test('a variant of half precision is loaded when its node moves to a GPU that computes so', () => {
  const tasks = structuredClone(pipeline.tasks)
  tasks['read']!.variants['large']!.precision = 'fp16'
  const halved = [{ dir: '', pipeline: { ...pipeline, tasks }, models: {} }]
  return withCoordinator(
    async (coordinator) => {
      const node = await joinScripted(coordinator, 'gpu', undefined, { device: DEVICE })
      await untilHolds(coordinator, 'gpu', 3)
      const loads = () =>
        node.messages.flatMap((one) => one.type === 'load' ? one.instances : [])
          .map(({ variant }) => variant).sort()
      assert.deepEqual(loads(), ['fast', 'slow', 'small'])
      node.send({ type: 'report', backend: 'webgpu' })
      await untilHolds(coordinator, 'gpu', 4)
      assert.deepEqual(loads(), ['fast', 'large', 'slow', 'small'])
      node.send({ type: 'report', backend: 'wasm' })
      const { instances } = await node.got('unload')
      assert.deepEqual(instances.map(({ variant }) => variant), ['large'])
    },
    undefined,
    { pipelines: halved },
  )
})
