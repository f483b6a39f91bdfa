import assert from 'node:assert/strict'
import type { NodeInfo } from '../../src/client/types.ts'
import { joinScripted, withCoordinator } from './fixture.ts'

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
  }))
