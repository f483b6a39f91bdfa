import { equal, match } from 'node:assert/strict'
import { A, B, batchOf, BYTES, createGates, item, load, testHost, withNode } from './fixture.ts'

for (
  const [how, says] of [['crash', /out of the blue/], ['hang', /no answer/], [
    'close',
    /no answer/,
  ]] as const
) {
  Deno.test(`node replaces a worker that does ${how} in a batch, and serves the next`, async () => {
    await withNode({}, async ({ peer, coordinator, hash }) => {
      await load(peer, A, B)
      peer.send(batchOf(1, A, [item({ do: how })], { giveUpMs: 200 }), [BYTES])
      peer.send(batchOf(2, B, [item()]), [BYTES])
      const failed = await peer.take('batch_failed', ({ batch }) => batch === 1)
      match(failed.message.message, says)
      // The waiting one goes back too: another node can have it sooner.
      await peer.take('batch_failed', ({ batch }) => batch === 2)
      await peer.take('ready', ({ variant }) => variant === 'a')
      await peer.take('ready', ({ variant }) => variant === 'b')
      peer.send(batchOf(3, B, [item()]), [BYTES])
      equal((await peer.take('result')).message.batch, 3)
      equal(coordinator.downloads.get(hash), 1)
    })
  })
}

Deno.test('node takes a batch while its new worker still loads', async () => {
  await withNode({}, async ({ peer }) => {
    await load(peer, A)
    peer.send(batchOf(1, A, [item({ do: 'crash' })]), [BYTES])
    await peer.take('batch_failed')
    peer.send(batchOf(2, A, [item()]), [BYTES])
    equal((await peer.take('result')).message.batch, 2)
  })
})

for (const [how, says] of [['throw', /wits end/], ['exhaust', /allocation failed/]] as const) {
  Deno.test(`node keeps its worker when a stage does ${how} once, replaces it when it goes on`, async () => {
    await withNode({}, async ({ peer, node }) => {
      let restarts = 0
      node.subscribe((event) => event.type === 'restarted' && restarts++)
      await load(peer, A)
      peer.send(batchOf(1, A, [item({ do: how })]), [BYTES])
      match((await peer.take('batch_failed')).message.message, says)
      peer.send(batchOf(2, A, [item()]), [BYTES])
      await peer.take('result')
      equal(restarts, 0)
      peer.send(batchOf(3, A, [item({ do: how })]), [BYTES])
      await peer.take('batch_failed')
      peer.send(batchOf(4, A, [item({ do: how })]), [BYTES])
      await peer.take('batch_failed')
      await peer.take('ready')
      equal(restarts, 1)
    })
  })
}

Deno.test('node lives through any number of crashes, each after a load that went well', async () => {
  await withNode({}, async ({ peer }) => {
    await load(peer, A)
    for (let batch = 1; batch <= 2; batch++) {
      // No batch succeeds in between, but each load does: that counts as life.
      peer.send(batchOf(batch, A, [item({ do: 'crash' })]), [BYTES])
      await peer.take('batch_failed', (m) => m.batch === batch)
      await peer.take('ready')
    }
    peer.send(batchOf(9, A, [item()]), [BYTES])
    equal((await peer.take('result')).message.batch, 9)
  })
})

async function withCrashes(crashes: { [variant: string]: number }, play: () => Promise<void>) {
  Deno.env.set('SHOAL_TEST_CRASHES', JSON.stringify(crashes))
  try {
    await play()
  } finally {
    Deno.env.delete('SHOAL_TEST_CRASHES')
  }
}

Deno.test('node loads again what it was loading when its worker was lost', () =>
  withCrashes({ b: 1 }, () =>
    withNode({}, async ({ peer }) => {
      await load(peer, A, B)
      equal(peer.received.some(({ message }) => message.type === 'load_failed'), false)
      peer.send(batchOf(1, B, [item()]), [BYTES])
      equal((await peer.take('result')).message.batch, 1)
    })))

Deno.test('node gives up a variant that no worker survives, and goes on with the others', () =>
  withCrashes({ b: 99 }, () =>
    withNode({}, async ({ peer }) => {
      await load(peer, A)
      peer.send({ type: 'load', instances: [{ slot: 0, ...B }] })
      const { message } = await peer.take('load_failed')
      equal(message.variant, 'b')
      match(message.message, /out of the blue/)
      await peer.take('ready', ({ variant }) => variant === 'a')
      peer.send(batchOf(1, A, [item()]), [BYTES])
      equal((await peer.take('result')).message.batch, 1)
    })))

Deno.test('node gives up what no worker comes up for, and loads it when one does', async () => {
  const cache = crypto.randomUUID()
  const host = testHost(cache)
  let comesUp = false
  const createWorker = () =>
    comesUp
      ? host.createWorker()
      : new Worker('data:application/javascript,throw "no engine"', { type: 'module' })
  await withNode({ host: { ...host, createWorker }, cache }, async ({ peer }) => {
    peer.send({ type: 'load', instances: [{ slot: 0, ...A }, { slot: 0, ...B }] })
    for (const name of ['a', 'b']) {
      const { message } = await peer.take('load_failed', ({ variant }) => variant === name)
      match(message.message, /no engine/)
    }
    comesUp = true
    await load(peer, A)
  })
})

Deno.test('node does not answer a cancelled batch that runs into the watchdog', async () => {
  using gates = createGates()
  await withNode({}, async ({ peer }) => {
    await load(peer, A)
    peer.send(batchOf(1, A, [item({ wait: 'never' })], { giveUpMs: 300 }), [BYTES])
    await gates.reached('never')
    peer.send({ type: 'cancel', batch: 1 })
    await peer.take('ready')
    peer.send(batchOf(2, A, [item()]), [BYTES])
    await peer.take('result')
    equal(peer.received.some(({ message }) => message.type === 'batch_failed'), false)
  })
})
