/** A GPU that is lost, or does not come up. */
import { deepEqual, equal, match } from 'node:assert/strict'
import type { Adapter } from '../../../src/node/engine/adapter.ts'
import { createBackendMemory } from '../../../src/node/backend/memory.ts'
import type { Host } from '../../../src/node/host.ts'
import { A, batchOf, BYTES, item, load, testHost, withNode } from '../fixture.ts'

const GPU: Adapter = {
  ...{ vendor: 'acme', architecture: 'a1', description: '', software: false },
  ...{ maxBufferSize: 1e9, maxStorageBufferBindingSize: 1e9, shaderF16: true },
}

Deno.test('a GPU that is lost again and again is left, and a trial under way does not bring it back', async () => {
  const kept = new Map<string, string>()
  const ended = new Set<number>()
  let workers = 0
  let onTrial = () => {}
  const trial = new Promise<void>((resolve) => onTrial = resolve)
  const host: Host = {
    ...testHost(crypto.randomUUID()),
    storage: {
      get: (key) => Promise.resolve(kept.get(key)),
      set: (key, value) => Promise.resolve(void kept.set(key, value)),
    },
    createWorker() {
      const index = workers++
      const worker = new Worker(new URL('../worker_paced.ts', import.meta.url), {
        type: 'module',
        name: JSON.stringify({ wasm: 150, webgpu: 3 }),
      })
      const terminate = worker.terminate.bind(worker)
      worker.terminate = () => {
        ended.add(index)
        terminate()
      }
      // Beside the one that serves.
      if (index === 1) onTrial()
      return worker
    },
  }
  // Found out on other models, so that it is to be found out again.
  await createBackendMemory(host.storage, host.assets)
    .keep(GPU, { backend: 'webgpu', models: 'of another day', reason: 'webgpu: it was faster' })
  const options = { host, backend: 'auto' as const, measure: true }
  await withNode(
    { ...options, readAdapter: () => Promise.resolve(GPU) },
    async ({ peer, node }) => {
      equal(peer.hello.backend, 'webgpu')
      await load(peer, A)
      await trial
      using channel = {
        it: new BroadcastChannel('shoal-test-pace'),
        [Symbol.dispose]() {
          this.it.close()
        },
      }
      channel.it.postMessage('lose')
      await peer.take('ready')
      equal(ended.has(1), false, 'the trial goes on')
      channel.it.postMessage('lose')
      const { message } = await peer.take('report', ({ backend }) => backend === 'wasm')
      match(message.backendReason!, /lost 2 times/)
      equal(ended.has(1), true)
      await peer.take('ready')
      peer.send(batchOf(1, A, [item()]), [BYTES])
      const [one] = (await peer.take('result')).message.items
      deepEqual(one?.ok && one.fields, { backend: 'wasm' })
      match(node.state.reason, /lost 2 times/)
    },
  )
  match(kept.get('backend')!, /lost 2 times/)
})

Deno.test('a GPU whose worker ends in its first runs is told of with what ended it', async () => {
  const ends = new Blob(['throw new Error("no such shader")'], { type: 'text/javascript' })
  const url = URL.createObjectURL(ends)
  let workers = 0
  const host: Host = {
    ...testHost(crypto.randomUUID()),
    createWorker: () =>
      workers++ === 0
        ? new Worker(new URL('../worker_paced.ts', import.meta.url), {
          ...{ type: 'module', name: JSON.stringify({ wasm: 10 }) },
        })
        : new Worker(url, { type: 'module' }),
  }
  const options = { host, backend: 'auto' as const, measure: true }
  await withNode({ ...options, readAdapter: () => Promise.resolve(GPU) }, async ({ peer }) => {
    await load(peer, A)
    const { message } = await peer.take('report', ({ backend }) => backend === 'wasm')
    match(message.backendReason!, /^wasm: webgpu \(acme a1\) failed: .*no such shader/)
  })
  URL.revokeObjectURL(url)
})
