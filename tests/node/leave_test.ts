import { deepEqual, equal } from 'node:assert/strict'
import { createNode } from '../../src/node/node.ts'
import { createTestClock } from './clock.ts'
import { startTestCoordinator } from './coordinator.ts'
import { A, batchOf, BYTES, createGates, item, load, testHost, withNode } from './fixture.ts'

Deno.test('node leaves after answering what it took, and says bye', async () => {
  using gates = createGates()
  await withNode({}, async ({ peer, node }) => {
    await load(peer, A)
    peer.send(batchOf(1, A, [item({ wait: 'leave' })]), [BYTES])
    await gates.reached('leave')
    peer.send(batchOf(2, A, [item()]), [BYTES])
    peer.send({ type: 'ping', n: 1 })
    await peer.take('pong')
    const gone = node.stop('tired')
    equal((await peer.take('report', ({ paused }) => paused === true)).message.paused, true)
    peer.send(batchOf(3, A, [item()]), [BYTES])
    equal((await peer.take('batch_failed')).message.batch, 3)
    gates.open('leave')
    await gone
    await peer.closed
    const last = peer.received.slice(-3).map(({ message }) => message)
    deepEqual(last.map(({ type }) => type), ['result', 'result', 'bye'])
    equal(last[2]?.type === 'bye' && last[2].reason, 'tired')
    equal(node.state.phase, 'left')
    equal(await node.left, undefined)
  })
})

for (const how of ['was called off', 'came on a link that is lost'] as const) {
  Deno.test(`node leaves at once while it runs what ${how}`, async () => {
    using gates = createGates()
    const clock = createTestClock()
    await withNode({ clock }, async ({ peer, node, coordinator }) => {
      await load(peer, A)
      peer.send(batchOf(1, A, [item({ wait: how })]), [BYTES])
      await gates.reached(how)
      let last = peer
      if (how === 'was called off') {
        peer.send({ type: 'cancel', batch: 1 })
      } else {
        peer.close()
        await peer.closed
        await clock.advance(5)
        last = await coordinator.nextPeer()
      }
      last.send({ type: 'ping', n: 1 })
      await last.take('pong')
      const gone = node.stop('tired')
      await last.take('report', ({ paused }) => paused === true)
      last.send({ type: 'ping', n: 2 })
      try {
        equal((await last.take(['bye', 'pong'])).message.type, 'bye')
      } finally {
        // What it waits for when it leaves; by this clock no time passes else.
        await clock.advance(15_000)
        await gone
      }
    })
  })
}

Deno.test('node that leaves asks for no more work, whatever it paused for ends', async () => {
  using gates = createGates()
  await withNode({}, async ({ peer, node }) => {
    await load(peer, A)
    peer.send(batchOf(1, A, [item({ wait: 'pause' })]), [BYTES])
    await gates.reached('pause')
    node.pause('pressure')
    const gone = node.stop('tired')
    node.resume()
    gates.open('pause')
    await gone
    await peer.closed
    const told = peer.received.flatMap(({ message }) =>
      message.type === 'report' && message.paused !== undefined ? [message.pausedBy] : []
    )
    deepEqual(told, ['pressure', 'leaving'])
  })
})

Deno.test('node that is stopped while it starts has left, and stays so', async () => {
  const coordinator = startTestCoordinator({ pipelines: [], models: {}, files: new Map() })
  const node = createNode({ host: testHost(crypto.randomUUID()), url: coordinator.url, slots: 1 })
  const phases: string[] = []
  node.subscribe((_, { phase }) => void phases.push(phase))
  const started = node.start()
  await node.stop('tired')
  await started
  deepEqual(phases, ['leaving', 'left'])
  equal(await node.left, undefined)
  await coordinator.close()
})

Deno.test('node leaves when the coordinator drains it', async () => {
  await withNode({}, async ({ peer, node }) => {
    peer.send({ type: 'drain', reason: 'closing time' })
    equal((await peer.take('bye')).message.reason, 'closing time')
    equal(await node.left, undefined)
  })
})

Deno.test('node waits for the next coordinator when this one is shut down', async () => {
  await withNode({}, async ({ peer, node, coordinator }) => {
    peer.send({ type: 'drain', reason: 'back soon', rejoin: true })
    peer.close()
    const second = await coordinator.nextPeer()
    await load(second, A)
    second.send(batchOf(1, A, [item()]), [BYTES])
    equal((await second.take('result')).message.batch, 1)
    equal(node.state.phase, 'joined')
  })
})

Deno.test('node on pause says so, also on a new link', async () => {
  await withNode({}, async ({ peer, node, coordinator }) => {
    node.pause()
    equal((await peer.take('report')).message.paused, true)
    peer.close()
    const second = await coordinator.nextPeer()
    equal((await second.take('report')).message.paused, true)
    node.resume()
    equal((await second.take('report')).message.paused, false)
  })
})
