import { MOST_BATCHES } from '../../src/policy/state/credit.ts'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { codecAssetUrls } from '../../src/cli/serve/codec_assets.ts'
import { createDenoHost } from '../../src/node/host_deno.ts'
import { createNode } from '../../src/node/node.ts'
import { startTestCoordinator } from './coordinator.ts'
import {
  A,
  B,
  batchOf,
  BYTES,
  C,
  createGates,
  item,
  load,
  PAGES,
  readModel,
  servedFrom,
  SMALL_DETECTOR,
  withNode,
} from './fixture.ts'

Deno.test('node says who it is, loads what it is asked to, and serves', async () => {
  await withNode(
    { name: 'otter', token: 'fish', duty: 0.9 },
    async ({ peer, coordinator, hash }) => {
      const { hello } = peer
      equal(hello.protocol, 1)
      equal(hello.epoch, 1)
      equal(hello.name, 'otter')
      equal(hello.token, 'fish')
      equal(hello.runtime, 'deno')
      equal(hello.backend, 'wasm')
      equal(hello.slots, 1)
      equal(hello.duty, 0.9)
      deepEqual(hello.cached, [])
      await load(peer, A, B)
      // Variants of one model share its download.
      equal(coordinator.downloads.get(hash), 1)

      peer.send(batchOf(7, A, [item({}, 1), item({ do: 'refuse' }), item()]), [BYTES, BYTES])
      const { message, blobs } = await peer.take('result')
      equal(message.batch, 7)
      deepEqual(message.items.map(({ ok }) => ok), [true, false, true])
      const [first, second] = message.items
      ok(first?.ok && second?.ok === false)
      deepEqual(first.fields, { size: 4, crops: 'raw' })
      equal(second.reason, 'invalid_input')
      deepEqual(first.children.second?.map(({ meta, key }) => [meta, key]), [
        [{ n: 0 }, '7/0/second/0'],
        [{ n: 1 }, '7/0/second/1'],
      ])
      deepEqual(blobs.map((blob) => blob.byteLength), [4, 3, 4, 3])
      deepEqual([...blobs[first.children.second![1]!.blob]!], [2, 3, 4])
      ok(message.queueMs >= 0 && message.computeMs > 0)
      ok(message.elapsedMs >= message.computeMs)
    },
  )
})

Deno.test('node runs what it kept, once named, and says what it no longer has', async () => {
  await withNode({}, async ({ peer }) => {
    await load(peer, A, C)
    peer.send(batchOf(1, A, [item()]), [BYTES])
    await peer.take('result')
    const kept = (key: string) => ({ meta: {}, payload: { key } })

    peer.send(batchOf(2, C, [kept('1/0/second/1'), kept('nonsense'), kept('1/0/second/0')]))
    const { message } = await peer.take('result')
    deepEqual(message.items.map((one) => one.ok ? one.fields : one.reason), [
      { size: 3, crops: 'raw' },
      'missing',
      { size: 4, crops: 'raw' },
    ])

    // Running a kept item leaves it kept; releasing it does not.
    peer.send(batchOf(3, C, [kept('1/0/second/1')], { release: ['1/0/second/1'] }))
    equal((await peer.take('result')).message.items[0]?.ok, true)
    peer.send({ type: 'release', keys: ['1/0/second/0'] })
    peer.send(batchOf(4, C, [kept('1/0/second/1'), kept('1/0/second/0')]))
    const last = await peer.take('result')
    deepEqual(last.message.items.map((one) => one.ok || one.reason), ['missing', 'missing'])
  })
})

Deno.test('node answers a batch that waited too long without running it', async () => {
  using gates = createGates()
  await withNode({}, async ({ peer }) => {
    await load(peer, A)
    peer.send(batchOf(1, A, [item({ wait: 'door' })]), [BYTES])
    await gates.reached('door')
    peer.send(batchOf(2, A, [item({ do: 'hang' }), item({ do: 'hang' })], { remainingMs: 1 }), [
      BYTES,
    ])
    const { message } = await peer.take('result')
    equal(message.batch, 2)
    deepEqual(message.items.map((one) => one.ok || one.reason), ['expired', 'expired'])
    gates.open('door')
    equal((await peer.take('result')).message.batch, 1)
  })
})

Deno.test('node lets as many batches wait as are sent ahead, and drops what is cancelled', async () => {
  using gates = createGates()
  await withNode({}, async ({ peer }) => {
    await load(peer, A)
    const sendBatches = (from: number, to: number) => {
      for (let batch = from; batch <= to; batch++) peer.send(batchOf(batch, A, [item()]), [BYTES])
    }
    peer.send(batchOf(1, A, [item({ wait: 'first' })]), [BYTES])
    await gates.reached('first')
    sendBatches(2, MOST_BATCHES + 1)
    equal((await peer.take('batch_failed')).message.batch, MOST_BATCHES + 1)
    for (let batch = 1; batch <= MOST_BATCHES; batch++) peer.send({ type: 'cancel', batch })
    // One that was cancelled runs to its end, and takes nobody's place: one more may wait for that.
    sendBatches(101, 101 + MOST_BATCHES)
    equal((await peer.take('batch_failed')).message.batch, 101 + MOST_BATCHES)
    gates.open('first')
    // Of those that were cancelled the one that ran is heard of, for it held the slot until now.
    const ended = await peer.take('batch_failed')
    deepEqual([ended.message.batch, ended.message.message], [1, 'Called off'])
    ok(ended.message.computeMs! > 0)
    // The next answers are the others'.
    for (let batch = 101; batch < 101 + MOST_BATCHES; batch++) {
      equal((await peer.take('result')).message.batch, batch)
    }
  })
})

Deno.test('node turns away what it does not hold', async () => {
  await withNode({}, async ({ peer }) => {
    await load(peer, A)
    peer.send(batchOf(1, B, [item()]), [BYTES])
    equal((await peer.take('batch_failed')).message.batch, 1)
    peer.send(batchOf(2, A, [item()], { slot: 5 }), [BYTES])
    equal((await peer.take('batch_failed')).message.batch, 2)
    peer.send({ type: 'load', instances: [{ slot: 0, ...A, variant: 'unheard-of' }] })
    equal((await peer.take('load_failed')).message.variant, 'unheard-of')
    peer.send({ type: 'unload', instances: [{ slot: 0, ...A }] })
    peer.send(batchOf(3, A, [item()]), [BYTES])
    equal((await peer.take('batch_failed')).message.batch, 3)
    // What was unloaded can come back.
    await load(peer, A)
    peer.send(batchOf(4, A, [item()]), [BYTES])
    equal((await peer.take('result')).message.batch, 4)
  })
})

Deno.test('node reads a picture with the worker and stages as shipped', async () => {
  const det = await readModel('ch_PP-OCRv4_det_infer.onnx')
  const served = await servedFrom(PAGES, { det })
  const coordinator = startTestCoordinator(served)
  const cache = crypto.randomUUID()
  const node = createNode({
    host: createDenoHost({ codecs: codecAssetUrls(), cache }),
    url: coordinator.url,
    slots: 1,
    measure: false,
  })
  await node.start()
  const peer = await coordinator.nextPeer()
  await load(peer, SMALL_DETECTOR)
  const pixel = Uint8Array.from(
    atob(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
    ),
    (c) => c.charCodeAt(0),
  )
  peer.send(
    batchOf(1, SMALL_DETECTOR, [item({ type: 'image/png' }), item({ type: 'image/jpeg' })]),
    [pixel],
  )
  const { message } = await peer.take('result')
  equal(message.items[0]?.ok, true)
  equal(message.items[1]?.ok, false)
  await node.stop()
  await coordinator.close()
  await caches.delete(cache)
})

Deno.test('node answers for a result that the wire has no room for, and for the others as ever', async () => {
  await withNode({}, async ({ peer }) => {
    await load(peer, A)
    peer.send(batchOf(1, A, [item({ do: 'burrow' }), item()]), [BYTES])
    const { items } = (await peer.take('result')).message
    deepEqual(items.map((one) => one.ok || one.reason), ['internal', true])
    ok(items[0]?.ok === false)
    match(items[0].message, /deep is nested too deeply/)
    peer.send(batchOf(2, A, [item({ do: 'confuse' })]), [BYTES])
    match((await peer.take('batch_failed')).message.message, /BigInt/)
    peer.send(batchOf(3, A, [item()]), [BYTES])
    equal((await peer.take('result')).message.batch, 3)
  })
})

Deno.test('node answers for a program that tells what is no result, and for the other items as ever', async () => {
  await withNode({}, async ({ peer }) => {
    await load(peer, A)
    peer.send(batchOf(1, A, [item({ do: 'omit' }), item(), item({ do: 'invent' })]), [BYTES])
    const { message } = await peer.take(['result', 'batch_failed'])
    ok(message.type === 'result')
    deepEqual(
      message.items.map((one) => one.ok ? 'done' : `${one.reason}: ${one.message}`),
      [
        'internal: Cannot send the result: what it tells is no object of names and values',
        'done',
        'internal: No reason was given',
      ],
    )
  })
})
