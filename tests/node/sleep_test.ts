/** A machine that slept: timers fall due all at once, before what came meanwhile has been read. */
import { deepEqual, equal } from 'node:assert/strict'
import { afterAwake } from '../../src/node/clock.ts'
import { createBackoff } from '../../src/node/link/backoff.ts'
import { createLink } from '../../src/node/link/link.ts'
import type { TransportEvents } from '../../src/node/link/transport.ts'
import { PROTOCOL_VERSION } from '../../src/protocol/messages.ts'
import { createLateClock } from './clock.ts'
import { A, batchOf, BYTES, createGates, item, load, withNode } from './fixture.ts'

async function linkScene() {
  const clock = createLateClock()
  const lost: string[] = []
  let events: TransportEvents | undefined
  const opened = Promise.withResolvers<void>()
  const link = createLink({
    url: 'ws://pool.invalid/v1/link',
    clock,
    backoff: createBackoff({ firstMs: 100, mostMs: 100, random: () => 1 }),
    open(_, theirs) {
      events = theirs
      opened.resolve()
      return { send() {}, close: () => Promise.resolve() }
    },
    hello: () =>
      Promise.resolve({ type: 'hello', protocol: PROTOCOL_VERSION, nodeId: 'n', epoch: 1 }),
    handlers: {
      welcome() {},
      work() {},
      lost: (reason) => void lost.push(reason),
      refused() {},
      warning() {},
    },
  })
  link.start()
  await opened.promise
  const receive = (message: object) => events!.received(JSON.stringify(message))
  receive({
    type: 'welcome',
    protocol: PROTOCOL_VERSION,
    pipelines: [],
    models: {},
    modelPath: '/models/',
    heartbeatMs: 500,
  })
  return { clock, link, lost, receive }
}

Deno.test('node that slept first reads what came meanwhile, and keeps a link that lives', async () => {
  const { clock, link, lost, receive } = await linkScene()
  clock.sleep(600_000)
  deepEqual(lost, [])
  receive({ type: 'ping', n: 1 })
  equal(link.up, true)
  await link.close()
})

Deno.test('node that slept hardly longer than it waits for a word reads what came meanwhile, too', async () => {
  const { clock, link, lost, receive } = await linkScene()
  clock.sleep(4300)
  deepEqual(lost, [])
  receive({ type: 'ping', n: 1 })
  equal(link.up, true)
  clock.sleep(4000)
  clock.sleep(300)
  deepEqual(lost, ['the coordinator fell silent'])
  await link.close()
})

Deno.test('what hangs where every timer is late, as in a tab hidden for long, is given up all the same', () => {
  const clock = createLateClock()
  let ended = 0
  afterAwake(clock, 5000, () => ended++)
  clock.sleep(60_000)
  equal(ended, 0, 'the machine may have slept')
  for (let minute = 0; minute < 10; minute++) clock.sleep(60_000)
  equal(ended, 1)
})

Deno.test('node that slept leaves a link on which nothing comes', async () => {
  const { clock, link, lost } = await linkScene()
  clock.sleep(600_000)
  clock.sleep(1000)
  deepEqual(lost, ['the coordinator fell silent'])
  await link.close()
})

Deno.test('node that slept in a batch keeps its worker, and ends one that hangs after all', async () => {
  using gates = createGates()
  const clock = createLateClock()
  await withNode({ clock }, async ({ peer, node }) => {
    let restarts = 0
    node.subscribe((event) => event.type === 'restarted' && restarts++)
    await load(peer, A)
    const times = { remainingMs: 1e9, giveUpMs: 5000 }
    peer.send(batchOf(1, A, [item({ wait: 'night' })], times), [BYTES])
    await gates.reached('night')
    clock.sleep(600_000)
    gates.open('night')
    equal((await peer.take(['result', 'batch_failed'])).message.type, 'result')
    equal(restarts, 0)
    peer.send(batchOf(2, A, [item({ wait: 'for ever' })], times), [BYTES])
    await gates.reached('for ever')
    clock.sleep(600_000)
    clock.sleep(5000)
    equal((await peer.take('batch_failed')).message.batch, 2)
    equal(restarts, 1)
  })
})
