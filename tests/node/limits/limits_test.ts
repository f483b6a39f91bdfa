/** A real node and worker within the limits of its volunteer. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { createCatalog } from '../../../src/node/models/catalog.ts'
import { systemClock } from '../../../src/node/clock.ts'
import { PLAIN_USE } from '../../../src/node/engine/engine.ts'
import { ENGINE_BYTES, NODE_BYTES } from '../../../src/node/limits/hold_limits.ts'
import { createNode } from '../../../src/node/node.ts'
import { SMALL_PIXELS } from '../../../src/node/slot/decoding.ts'
import { createWorkerClient } from '../../../src/node/slot/worker_client.ts'
import { startTestCoordinator } from '../coordinator.ts'
import {
  A,
  B,
  batchOf,
  BYTES,
  C,
  createGates,
  item,
  load,
  PIPELINE,
  readModel,
  servedFrom,
  SMALL_MODEL,
  testHost,
  withNode,
} from '../fixture.ts'

const { byteLength } = await readModel(SMALL_MODEL)
/** Room for so many variants; each takes the size of its model. */
const roomFor = (variants: number) => ({
  // A third of what is left is for decoding.
  memoryBytes: NODE_BYTES + ENGINE_BYTES + 3 * Math.ceil((variants + 0.5) * byteLength / 2),
})
const isPause = ({ paused }: { paused?: boolean | undefined }) => paused !== undefined
const at0 = (...variants: (typeof A)[]) => variants.map((variant) => ({ slot: 0, ...variant }))

Deno.test('node refuses what is beyond its memory, and has room again after unloading', async () => {
  await withNode(roomFor(2), async ({ peer, node }) => {
    equal(peer.hello.memoryBytes, roomFor(2).memoryBytes)
    equal(peer.hello.maxPixels! >= SMALL_PIXELS, true)
    equal(peer.hello.slotMemoryBytes, 2 * Math.ceil(2.5 * byteLength / 2))
    await load(peer, A, B)
    peer.send({ type: 'load', instances: at0(C) })
    const { message } = await peer.take('load_failed')
    equal(message.reason, 'out_of_memory_budget')
    match(message.message, /of the \d+ MB that a slot may hold/)
    // What it holds goes on serving.
    peer.send(batchOf(1, A, [item()]), [BYTES])
    equal((await peer.take('result')).message.batch, 1)

    peer.send({ type: 'unload', instances: at0(A) })
    await load(peer, C)
    deepEqual(node.state.ready, ['0 p/first/b', '0 p/second/c'])
    peer.send(batchOf(2, A, [item()]), [BYTES])
    match((await peer.take('batch_failed')).message.message, /does not hold/)
    peer.send(batchOf(3, C, [item()]), [BYTES])
    equal((await peer.take('result')).message.batch, 3)
  })
})

Deno.test('node says at once where nothing of what is served fits', async () => {
  const lines: string[] = []
  await withNode(roomFor(0), async ({ peer, node }) => {
    node.subscribe((event) => event.type === 'warning' && lines.push(event.message))
    peer.close()
    const warned = new Promise<void>((done) =>
      node.subscribe(({ type }) => type === 'joined' && done())
    )
    await warned
    match(lines.join('\n'), /Nothing of what is served fits: a slot has 0 MB for models/)
    match(
      node.state.unfit ?? '',
      /^The least takes about \d+ MB of memory, and a slot may hold 0 MB$/,
    )
  })
})

Deno.test('a worker frees a session with the last variant of its model', async () => {
  const served = await servedFrom(PIPELINE, { m: await readModel(SMALL_MODEL) })
  const { spec } = createCatalog({
    ...{ type: 'welcome', protocol: 1, modelPath: '', heartbeatMs: 0 },
    pipelines: served.pipelines as never[],
    models: served.models,
  })
  const { assets, createWorker } = testHost(crypto.randomUUID())
  const client = createWorkerClient(createWorker(), { clock: systemClock })
  await client.init(assets, PLAIN_USE, 60_000)
  const [a, b] = [spec(A), spec(B)]
  await client.load(a, served.files.get(a.hash), 60_000)
  await client.load(b, undefined, 60_000)
  const needs = async () => (await client.needs(a.hash) as { value: boolean }).value
  equal(await needs(), false)
  await client.unload(a.key)
  equal(await needs(), false, 'the other variant still has it')
  await client.unload(b.key)
  equal(await needs(), true)
  client.close()
})

Deno.test('node told to unload what it is loading does not call it ready', async () => {
  await withNode({}, async ({ peer, node }) => {
    await load(peer, B)
    peer.send({ type: 'load', instances: at0(A) })
    peer.send({ type: 'unload', instances: at0(A) })
    await load(peer, C)
    const ready = peer.received.flatMap(({ message }) => (
      message.type === 'ready' ? [message.variant] : []
    ))
    deepEqual(ready, [B.variant, C.variant])
    deepEqual(node.state.ready, ['0 p/first/b', '0 p/second/c'])
    await load(peer, A)
  })
})

Deno.test('node on pause finishes what runs, and says why it pauses', async () => {
  using gates = createGates()
  await withNode({}, async ({ peer, node, coordinator }) => {
    await load(peer, A)
    peer.send(batchOf(1, A, [item({ wait: 'paused' })]), [BYTES])
    await gates.reached('paused')
    node.pause('battery')
    const { paused, pausedBy } = (await peer.take('report', isPause)).message
    deepEqual({ paused, pausedBy }, { paused: true, pausedBy: 'battery' })
    gates.open('paused')
    equal((await peer.take('result')).message.batch, 1)
    peer.close()
    const next = await coordinator.nextPeer()
    equal((await next.take('report', isPause)).message.pausedBy, 'battery')
    node.resume()
    equal((await next.take('report', ({ paused }) => paused === false)).message.pausedBy, undefined)
    equal(node.state.pausedBy, undefined)
  })
})

Deno.test('node downloads only the smallest model of each task where that is asked of it', async () => {
  const variants = { a: { accuracy: 0.9, model: 'm' }, large: { accuracy: 1, model: 'large' } }
  const first = { kind: 'test', next: [], variants }
  const pipeline = { ...PIPELINE, tasks: { first } }
  const large = new Uint8Array(byteLength + 1).fill(7)
  const served = await servedFrom(pipeline, { m: await readModel(SMALL_MODEL), large })
  const coordinator = startTestCoordinator(served)
  const cache = crypto.randomUUID()
  const node = createNode({
    ...{ host: testHost(cache), url: coordinator.url, slots: 1, measure: false, backend: 'wasm' },
    downloads: 'least',
  })
  try {
    await node.start()
    const peer = await coordinator.nextPeer()
    equal(peer.hello.downloads, 'least')
    await load(peer, A)
    const LARGE = { ...A, variant: 'large' }
    peer.send({ type: 'load', instances: at0(LARGE) })
    equal((await peer.take('load_failed')).message.reason, 'downloads_limited')
    equal([...coordinator.downloads.values()].length, 1)
    // Once it may, it is fetched; that these bytes are no model is another matter.
    node.setDownloads('all')
    peer.send({ type: 'load', instances: at0(LARGE) })
    equal((await peer.take('load_failed')).message.reason, undefined)
    equal([...coordinator.downloads.values()].length, 2)
  } finally {
    await node.stop()
    await coordinator.close()
    await caches.delete(cache)
  }
})

Deno.test('node that is to download the least from now on still loads what it has downloaded', async () => {
  const variants = { a: { accuracy: 0.9, model: 'm' }, small: { accuracy: 0.5, model: 'small' } }
  const pipeline = { ...PIPELINE, tasks: { first: { kind: 'test', next: [], variants } } }
  const m = await readModel(SMALL_MODEL)
  const served = await servedFrom(pipeline, { m, small: Uint8Array.of(7) })
  const coordinator = startTestCoordinator(served)
  const cache = crypto.randomUUID()
  const node = createNode({
    ...{ host: testHost(cache), url: coordinator.url, slots: 1, measure: false, backend: 'wasm' },
  })
  try {
    await node.start()
    const peer = await coordinator.nextPeer()
    await load(peer, A)
    node.setDownloads('least')
    peer.send({ type: 'ping', n: 1 })
    await peer.take('pong')
    const told = peer.received.flatMap(({ message }) =>
      message.type === 'report' && message.downloads !== undefined ? message : []
    )
    deepEqual(told, [
      { type: 'report', downloads: 'least', cached: [...coordinator.downloads.keys()] },
    ])
    peer.send({ type: 'unload', instances: at0(A) })
    await load(peer, A)
    equal([...coordinator.downloads.values()].length, 1)
  } finally {
    await node.stop()
    await coordinator.close()
    await caches.delete(cache)
  }
})
