import { deepEqual, equal, match, ok } from 'node:assert/strict'
import type { Adapter } from '../../../src/node/engine/adapter.ts'
import { batchSizes, createShapedRun, runFilledUp } from '../../../src/node/engine/batch_shapes.ts'
import { describe } from '../../../src/node/engine/adapter.ts'
import { ORT_VERSION } from '../../../src/node/engine/ort.ts'
import type { Host } from '../../../src/node/host.ts'
import type { NodeOptions } from '../../../src/node/node.ts'
import type { Tensor } from '../../../src/stages/types.ts'
import type { Peer } from '../coordinator.ts'
import { A, B, batchOf, BYTES, item, load, testHost, withNode } from '../fixture.ts'

const GPU: Adapter = {
  vendor: 'acme',
  architecture: 'a1',
  description: '',
  software: false,
  maxBufferSize: 1e9,
  maxStorageBufferBindingSize: 1e9,
  shaderF16: true,
}

/** A host whose engines take so many ms a run, and which remembers. */
function pacedHost(
  paceMs: { wasm: number; webgpu: number; wasm2?: number; fallback?: string },
  kept = new Map<string, string>(),
) {
  const host: Host = {
    ...testHost(crypto.randomUUID()),
    createWorker: () =>
      new Worker(new URL('../worker_paced.ts', import.meta.url), {
        type: 'module',
        name: JSON.stringify(paceMs),
      }),
    storage: {
      get: (key) => Promise.resolve(kept.get(key)),
      set: (key, value) => Promise.resolve(void kept.set(key, value)),
    },
  }
  return host
}

/** What its next batch runs on. */
async function ranOn(peer: Peer): Promise<unknown> {
  const [one] = (await peer.take('result')).message.items
  return one?.ok && one.fields
}

const auto = (host: Host, adapter: Adapter = GPU): Partial<NodeOptions> => ({
  host,
  backend: 'auto',
  measure: true,
  readAdapter: () => Promise.resolve(adapter),
})

Deno.test('auto serves on wasm, moves to a GPU that is faster, and begins on it next time', async () => {
  const kept = new Map<string, string>()
  const host = pacedHost({ wasm: 30, webgpu: 3 }, kept)
  await withNode(auto(host), async ({ peer, node }) => {
    equal(peer.hello.backend, 'wasm')
    match(peer.hello.backendReason!, /acme a1\) is yet to be measured/)
    equal(peer.hello.device?.maxBufferSize, 1e9)
    await load(peer, A, B)
    await peer.take('report', ({ profile }) => (profile?.[0]?.points[0]?.latencyMs ?? 0) > 25)
    const { message } = await peer.take('report', ({ backend }) => backend === 'webgpu')
    const told = /^webgpu: webgpu \(acme a1\) took ([\d.]+) ms for [ab], wasm ([\d.]+) ms$/
    const [, gpuMs, wasmMs] = told.exec(message.backendReason!) ?? []
    ok(Number(gpuMs) < Number(wasmMs), `${message.backendReason}`)
    equal(node.state.backend, 'webgpu')
    await peer.take(
      'report',
      ({ profile }) => profile?.some(({ points }) => points[0]!.latencyMs < 15) === true,
    )
    peer.send(batchOf(1, B, [item()]), [BYTES])
    deepEqual(await ranOn(peer), { backend: 'webgpu' })
  })
  await withNode(auto(host), async ({ peer }) => {
    equal(peer.hello.backend, 'webgpu')
    match(peer.hello.backendReason!, /took/)
    await load(peer, A, B)
    peer.send(batchOf(1, B, [item()]), [BYTES])
    deepEqual(await ranOn(peer), { backend: 'webgpu' })
  })
})

Deno.test('auto keeps wasm where the GPU is not clearly faster, or not to be used', async () => {
  await withNode(auto(pacedHost({ wasm: 10, webgpu: 10 })), async ({ peer }) => {
    await load(peer, A, B)
    const { message } = await peer.take('report', ({ backend }) => backend !== undefined)
    equal(message.backend, 'wasm')
    match(message.backendReason!, /^wasm: webgpu \(acme a1\) took/)
  })
  const host = pacedHost({ wasm: 10, webgpu: 1 })
  await withNode({ ...auto(host), gpu: false }, ({ peer }) => {
    equal(peer.hello.backend, 'wasm')
    match(peer.hello.backendReason!, /not to be used/)
    return Promise.resolve()
  })
})

Deno.test('auto goes back to wasm when the GPU is lost again and again', async () => {
  const kept = new Map<string, string>()
  const host = pacedHost({ wasm: 30, webgpu: 3 }, kept)
  await withNode(auto(host), async ({ peer }) => {
    await load(peer, A)
    await peer.take('report', ({ backend }) => backend === 'webgpu')
    using channel = {
      it: new BroadcastChannel('shoal-test-pace'),
      [Symbol.dispose]() {
        this.it.close()
      },
    }
    await peer.take('ready')
    channel.it.postMessage('lose')
    await peer.take('ready')
    channel.it.postMessage('lose')
    const { message } = await peer.take('report', ({ backend }) => backend === 'wasm')
    match(message.backendReason!, /lost 2 times/)
    await peer.take('ready')
    peer.send(batchOf(1, A, [item()]), [BYTES])
    deepEqual(await ranOn(peer), { backend: 'wasm' })
  })
  match(kept.get('backend')!, /lost 2 times/)
})

Deno.test('auto stays on a GPU when a run or two take too long, and leaves it when more do', async () => {
  const host = pacedHost({ wasm: 80, webgpu: 30 })
  await withNode(auto(host), async ({ peer, node }) => {
    await load(peer, A)
    await peer.take('report', ({ backend }) => backend === 'webgpu')
    await peer.take('ready')
    for (let n = 1; n <= 4; n++) {
      equal(node.state.backend, 'webgpu')
      peer.send(batchOf(n, A, [item()], { giveUpMs: 1 }), [BYTES])
      match((await peer.take('batch_failed')).message.message, /no answer in 1 ms/)
      await peer.take('ready')
    }
    equal(node.state.backend, 'wasm')
    match(node.state.reason, /lost 4 times/)
  })
})

Deno.test('runFilledUp() fills a batch up to a power of two and cuts the outputs', async () => {
  deepEqual(batchSizes(8), [1, 2, 4, 8])
  deepEqual(batchSizes(5), [1, 2, 4, 8])
  const tensor = (dims: number[], data: number[]): Tensor => ({
    type: 'float32',
    dims,
    data: Float32Array.from(data),
  })
  let ran: Tensor | undefined
  const outputs = await runFilledUp({ x: tensor([3, 2], [1, 2, 3, 4, 5, 6]) }, ({ x }) => {
    ran = x
    return Promise.resolve({ y: x!, whole: tensor([1], [7]) })
  })
  deepEqual(ran, tensor([4, 2], [1, 2, 3, 4, 5, 6, 0, 0]))
  deepEqual(outputs, { y: tensor([3, 2], [1, 2, 3, 4, 5, 6]), whole: tensor([1], [7]) })
})

Deno.test('createShapedRun() runs a batch in pieces of what was warmed', async () => {
  const ran: number[] = []
  const tensor = (rows: number, width = 2): Tensor => ({
    type: 'float32',
    dims: [rows, width],
    data: Float32Array.from({ length: rows * width }, (_, i) => i),
  })
  const shaped = createShapedRun(({ x }) => {
    ran.push(x!.dims[0]!)
    return Promise.resolve({ y: x! })
  })
  const { y: unwarmed } = await shaped.run({ x: tensor(3) })
  deepEqual(unwarmed, tensor(3))
  for (const rows of [1, 2]) await shaped.warm({ x: tensor(rows) })
  ran.length = 0
  deepEqual((await shaped.run({ x: tensor(7) })).y, tensor(7))
  deepEqual(ran, [2, 2, 2, 1])
  ran.length = 0
  deepEqual((await shaped.run({ x: tensor(3, 5) })).y, tensor(3, 5))
  deepEqual(ran, [4], 'another shape was never warmed')
})

Deno.test('describe() knows software adapters by flag and by name', () => {
  const rest = {
    features: { has: () => false },
    limits: { maxBufferSize: 2 ** 60, maxStorageBufferBindingSize: 1 },
  }
  equal(describe({ info: { description: 'llvmpipe (LLVM 19)' }, ...rest }).software, true)
  equal(
    describe({ info: { vendor: 'google', architecture: 'swiftshader' }, ...rest }).software,
    true,
  )
  equal(describe({ info: { isFallbackAdapter: true }, ...rest }).software, true)
  const real = describe({ info: { vendor: 'nvidia', architecture: 'ampere' }, ...rest })
  equal(real.software, false)
  equal(real.maxBufferSize, 1e12)
})

Deno.test('ORT_VERSION is the version of package.json', async () => {
  const file = new URL('../../../package.json', import.meta.url)
  equal(ORT_VERSION, JSON.parse(await Deno.readTextFile(file)).dependencies['onnxruntime-web'])
})

Deno.test('a variant that runs beside the GPU is told of as running on wasm', async () => {
  const host = pacedHost({ wasm: 1, webgpu: 1, fallback: 'a weight is too large' })
  const readAdapter = () => Promise.resolve(GPU)
  await withNode({ host, backend: 'webgpu', readAdapter }, async ({ peer }) => {
    peer.send({ type: 'load', instances: [{ slot: 0, ...A }] })
    const { message } = await peer.take('ready')
    equal(message.backend, 'wasm')
    equal(message.backendReason, 'wasm: a weight is too large')
  })
})
