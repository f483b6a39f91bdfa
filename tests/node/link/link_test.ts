import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { createBackoff } from '../../../src/node/link/backoff.ts'
import { createLink } from '../../../src/node/link/link.ts'
import type { TransportEvents } from '../../../src/node/link/transport.ts'
import { createNode } from '../../../src/node/node.ts'
import { encodeFrame } from '../../../src/protocol/frame.ts'
import { createTestClock } from '../clock.ts'
import { startTestCoordinator } from '../coordinator.ts'
import { A, batchOf, BYTES, createGates, item, load, testHost, withNode } from '../fixture.ts'

Deno.test('node comes back after a loss with a higher epoch, holding what it held', async () => {
  await withNode({}, async ({ peer, coordinator, hash }) => {
    await load(peer, A)
    peer.send(batchOf(1, A, [item()]), [BYTES])
    await peer.take('result')
    peer.close()
    const second = await coordinator.nextPeer()
    equal(second.hello.nodeId, peer.hello.nodeId)
    equal(second.hello.epoch, peer.hello.epoch + 1)
    await load(second, A)
    equal(coordinator.downloads.get(hash), 1)
    // The first link's crops are gone with it: the same keys may mean something else now.
    second.send(batchOf(1, A, [{ meta: {}, payload: { key: '1/0/second/0' } }]))
    const { message } = await second.take('result')
    deepEqual(message.items.map((one) => one.ok || one.reason), ['missing'])
  })
})

Deno.test('node says nothing of a lost link batch on the next link', async () => {
  using gates = createGates()
  await withNode({}, async ({ peer, coordinator }) => {
    await load(peer, A)
    peer.send(batchOf(1, A, [item({ wait: 'lost' })]), [BYTES])
    await gates.reached('lost')
    peer.close()
    const second = await coordinator.nextPeer()
    second.send(batchOf(1, A, [item({ do: 'refuse' })]), [BYTES])
    second.send({ type: 'ping', n: 1 })
    await second.take('pong')
    gates.open('lost')
    const { message } = await second.take('result')
    deepEqual(message.items.map((one) => one.ok || one.reason), ['invalid_input'])
  })
})

Deno.test('node answers each ping', async () => {
  await withNode({}, async ({ peer }) => {
    peer.send({ type: 'ping', n: 41 })
    peer.send({ type: 'ping', n: 42 })
    equal((await peer.take('pong')).message.n, 41)
    equal((await peer.take('pong')).message.n, 42)
  })
})

Deno.test('node leaves a coordinator that fell silent and joins it again', async () => {
  await withNode({ heartbeatMs: 50 }, async ({ peer, node, coordinator }) => {
    const reasons: string[] = []
    node.subscribe((event) => event.type === 'lost' && reasons.push(event.reason))
    await peer.closed
    equal((await coordinator.nextPeer()).hello.epoch, peer.hello.epoch + 1)
    match(reasons[0]!, /silent/)
  })
})

Deno.test('node waits longer each time for a coordinator that ends the link after the welcome', async () => {
  const clock = createTestClock()
  const waitsMs: number[] = []
  let events: TransportEvents | undefined
  const link = createLink({
    ...{ url: 'ws://pool.invalid/v1/link', clock, welcomeMs: 15_000 },
    backoff: createBackoff({ firstMs: 100, mostMs: 1000, random: () => 1 }),
    open(_, theirs) {
      events = theirs
      return { send() {}, close: () => Promise.resolve() }
    },
    hello: () => Promise.resolve({ type: 'hello', protocol: 1, nodeId: 'n', epoch: 1 }),
    handlers: {
      ...{ welcome() {}, work() {}, refused() {}, warning() {} },
      lost: (_, retryMs) => void waitsMs.push(retryMs),
    },
  })
  /** A link that holds for so long. */
  const holds = async (ms: number) => {
    await clock.advance(waitsMs.at(-1) ?? 0)
    events!.received(JSON.stringify({
      ...{ type: 'welcome', protocol: 1, pipelines: [], models: {} },
      ...{ modelPath: '/models/', heartbeatMs: 0 },
    }))
    await clock.advance(ms)
    events!.closed(1007, '')
  }
  link.start()
  await holds(10)
  await holds(10)
  await holds(14_000)
  await holds(15_000)
  await holds(10)
  deepEqual(waitsMs, [100, 200, 400, 100, 200])
  await link.close()
})

Deno.test('node lives on after frames that are none', async () => {
  await withNode({}, async ({ peer, node }) => {
    const warnings: string[] = []
    node.subscribe((event) => event.type === 'warning' && warnings.push(event.message))
    peer.sendRaw('not JSON')
    peer.sendRaw('{"type":"from the future"}')
    peer.sendRaw('{"type":"load","instances":3}')
    peer.sendRaw(new ArrayBuffer(3))
    peer.sendRaw(encodeFrame(batchOf(1, A, [item()]), [BYTES]).buffer.slice(0, -1))
    peer.send(batchOf(2, A, [item({}, 9)]))
    // The blob named is not in the frame.
    deepEqual(
      (await peer.take('result')).message.items.map((one) => one.ok || one.reason),
      ['missing'],
    )
    equal(warnings.length, 5)
    await load(peer, A)
    peer.send(batchOf(3, A, [item()]), [BYTES])
    equal((await peer.take('result')).message.batch, 3)
  })
})

async function refusedBy(greet: ReturnType<typeof startTestCoordinator>['greet']) {
  const coordinator = startTestCoordinator({ pipelines: [], models: {}, files: new Map() })
  coordinator.greet = greet
  const node = createNode({
    host: testHost('unused'),
    url: coordinator.url,
    retryMs: { first: 1, most: 1 },
  })
  await node.start()
  const refusal = await node.left
  await node.stop()
  await coordinator.close()
  await caches.delete('unused')
  return refusal
}

Deno.test('node refused for its version stops and passes the remedy on', async () => {
  const refusal = await refusedBy((peer) => {
    peer.send({ type: 'refuse', reason: 'protocol', message: 'I speak 2', remedy: 'deno run -r' })
    peer.close(4426)
  })
  deepEqual(refusal, { reason: 'protocol', message: 'I speak 2', remedy: 'deno run -r' })
})

for (
  const [code, reason] of [[4401, 'unauthorized'], [4426, 'protocol'], [4409, 'replaced']] as const
) {
  Deno.test(`node closed with ${code} stops and says why`, async () => {
    const refusal = await refusedBy((peer) => peer.close(code))
    equal(refusal?.reason, reason)
    ok(refusal?.remedy)
  })
}

Deno.test('createBackoff() doubles up to its most, with jitter below', () => {
  const whole = createBackoff({ firstMs: 100, mostMs: 1000, random: () => 1 })
  deepEqual(Array.from({ length: 6 }, () => whole.nextMs()), [100, 200, 400, 800, 1000, 1000])
  whole.reset()
  equal(whole.nextMs(), 100)
  const half = createBackoff({ firstMs: 100, mostMs: 1000, random: () => 0 })
  equal(half.nextMs(), 50)
})
