/** Silence on a link: doubted, worked around, forgiven; and no blame for one's own sleep. */
import assert from 'node:assert/strict'
import { createLink, type LinkHandlers } from '../../src/coordinator/nodes/link.ts'
import { PROTOCOL_VERSION } from '../../src/protocol/mod.ts'
import {
  ask,
  honest,
  openLink,
  PATIENT,
  untilHolds,
  untilReady,
  withCoordinator,
} from './fixture.ts'
import type { Behaviour } from './fixture.ts'

const QUICK = { heartbeatMs: 10, doubtMs: 60, silenceMs: 600_000 }

Deno.test('what a node has goes to another when it falls silent, and it is forgiven', async () => {
  const lines: string[] = []
  await withCoordinator(
    async (coordinator) => {
      const { pool } = coordinator
      const hello = { type: 'hello', protocol: PROTOCOL_VERSION, epoch: 1 } as const
      const silent = await openLink(coordinator, () => undefined)
      silent.send({ ...hello, nodeId: 'silent', name: 'silent' })
      await untilHolds(coordinator, 'silent', 4)
      const query = ask(coordinator, PATIENT)
      const { batch } = await silent.got('batch')
      // Its socket stays open, and nothing comes back any more.
      const listen = silent.socket.onmessage
      silent.socket.onmessage = null
      const sound = await openLink(coordinator, honest)
      sound.send({ ...hello, nodeId: 'sound', name: 'sound' })
      const response = await query
      const { stages } = await response.json()
      assert.equal(response.status, 200)
      assert.ok(stages.every(({ node }: { node: string }) => node === 'sound'))
      assert.equal(pool.nodes().find(({ id }) => id === 'silent')?.state, 'paused')
      silent.socket.onmessage = listen
      // What it was at is called off, and that it has ended no fault.
      silent.send({ type: 'batch_failed', batch, message: 'Called off' })
      silent.send({ type: 'pong', n: 0 })
      while (pool.nodes().find(({ id }) => id === 'silent')?.state === 'paused') {
        await new Promise((done) => setTimeout(done, 5))
      }
    },
    QUICK,
    { log: (line) => void lines.push(line) },
  )
  assert.deepEqual(lines.filter((line) => line.includes('lost a batch')), [])
})

Deno.test('the only node keeps what it has, however silent it is', () =>
  withCoordinator(async (coordinator) => {
    let isLate = true
    let late = () => {}
    const slow: Behaviour = (batch) => {
      // What is given up meanwhile is sent again.
      if (!isLate || batch.message.task === 'read') return honest(batch)
      late = () => {
        isLate = false
        const { items, blobs } = honest(batch)!
        const times = { queueMs: 0, computeMs: 300, elapsedMs: 300 }
        node.send({ type: 'result', batch: batch.message.batch, items, ...times }, blobs)
      }
      return undefined
    }
    const node = await openLink(coordinator, slow)
    node.send({ type: 'hello', protocol: PROTOCOL_VERSION, nodeId: 'only', epoch: 1 })
    await untilReady(coordinator)
    const query = ask(coordinator, PATIENT)
    await node.got('batch')
    const listen = node.socket.onmessage
    node.socket.onmessage = null
    while (!coordinator.pool.node('only')!.silent) await new Promise((done) => setTimeout(done, 5))
    assert.equal(coordinator.pool.batchesOn('only'), 1)
    node.socket.onmessage = listen
    late()
    const response = await query
    assert.equal(response.status, 200)
    await response.body?.cancel()
  }, QUICK))

Deno.test('a silent node keeps what it has while the others are paused, whoever paused them', () =>
  withCoordinator(async (coordinator) => {
    const { pool } = coordinator
    const state = (name: string) => pool.nodes().find(({ id }) => id === name)?.state
    const hello = { type: 'hello', protocol: PROTOCOL_VERSION, epoch: 1 } as const
    const silent = await openLink(coordinator, () => undefined)
    silent.send({ ...hello, nodeId: 'silent', name: 'silent' })
    await untilHolds(coordinator, 'silent', 4)
    const other = await openLink(coordinator, honest)
    other.send({ ...hello, nodeId: 'other', name: 'other' })
    await untilHolds(coordinator, 'other', 4)
    const until = async (holds: () => boolean) => {
      while (!holds()) await new Promise((done) => setTimeout(done, 5))
    }
    pool.admin.pause('other')
    const query = ask(coordinator, PATIENT)
    await silent.got('batch')
    silent.socket.onmessage = null
    await until(() => pool.node('silent')!.silent)
    assert.notEqual(state('silent'), 'paused')
    assert.equal(pool.batchesOn('silent'), 1)
    other.send({ type: 'report', paused: true })
    await until(() => pool.node('other')!.paused)
    pool.admin.resume('other')
    assert.notEqual(state('silent'), 'paused')
    // Now that there is one to do it, it is done.
    other.send({ type: 'report', paused: false })
    const response = await query
    const { stages } = await response.json()
    assert.equal(response.status, 200)
    assert.ok(stages.every(({ node }: { node: string }) => node === 'other'))
    assert.equal(state('silent'), 'paused')
  }, QUICK))

Deno.test('a silent node is taken back when the other is paused or gives up the slot that did its work', () =>
  withCoordinator(async (coordinator) => {
    const { pool } = coordinator
    const state = () => pool.nodes().find(({ id }) => id === 'silent')?.state
    const hello = { type: 'hello', protocol: PROTOCOL_VERSION, epoch: 1 } as const
    const silent = await openLink(coordinator)
    silent.send({ ...hello, nodeId: 'silent' })
    await untilHolds(coordinator, 'silent', 4)
    const other = await openLink(coordinator)
    const { send } = other
    // Its first slot never gets anything ready.
    other.send = (message) => message.type === 'ready' && message.slot === 0 || send(message)
    other.send({ ...hello, nodeId: 'other', slots: 2 })
    await untilHolds(coordinator, 'other', 4)
    silent.socket.onmessage = null
    while (state() !== 'paused') await new Promise((done) => setTimeout(done, 5))
    pool.admin.pause('other')
    assert.notEqual(state(), 'paused')
    pool.admin.resume('other')
    assert.equal(state(), 'paused')
    other.send({ type: 'report', slots: 1 })
    while (pool.node('other')!.slots > 1) await new Promise((done) => setTimeout(done, 5))
    assert.notEqual(state(), 'paused')
  }, QUICK))

Deno.test('a coordinator that slept does not take its nodes for gone', async () => {
  let sleptMs = 0
  const said: string[] = []
  const onPing: (() => void)[] = []
  const handlers: LinkHandlers = {
    hello: () => true,
    message() {},
    silent: (_, silent) => void said.push(silent ? 'silent' : 'heard'),
    closed: (_, why) => void said.push(why),
  }
  const socket = {
    send: () => onPing.splice(0).forEach((done) => done()),
    close() {},
  }
  const ping = () => new Promise<void>((done) => void onPing.push(done))
  const options = { now: () => performance.now() + sleptMs, heartbeatMs: 20 }
  const link = createLink(socket, handlers, options)
  link.receive(
    JSON.stringify({ type: 'hello', protocol: PROTOCOL_VERSION, nodeId: 'n', epoch: 1 }),
  )
  await ping()
  sleptMs = 3600_000
  for (let i = 0; i < 3; i++) await ping()
  assert.ok(link.open)
  link.close(1000, 'done')
  assert.deepEqual(said, ['done'])
})

Deno.test('the round trip of a link is the least of its recent heartbeats, not of its best day', async () => {
  let nowMs = 0
  let tripMs = 1
  let beats = 0
  const { promise, resolve } = Promise.withResolvers<void>()
  const socket = {
    send(data: string | Uint8Array) {
      const { type, n } = JSON.parse(String(data))
      assert.equal(type, 'ping')
      nowMs += tripMs
      tripMs = 50
      link.receive(JSON.stringify({ type: 'pong', n }))
      if (++beats === 11) resolve()
    },
    close() {},
  }
  const handlers = { hello: () => true, message() {}, silent() {}, closed() {} }
  const link = createLink(socket, handlers, { now: () => nowMs, heartbeatMs: 1 })
  link.receive(
    JSON.stringify({ type: 'hello', protocol: PROTOCOL_VERSION, nodeId: 'n', epoch: 1 }),
  )
  assert.equal(link.roundTripMs, 1)
  await promise
  assert.equal(link.roundTripMs, 50)
  link.close(1000, 'done')
})

Deno.test('a link that was silent for long before is doubted after more than that', () => {
  const { setInterval } = globalThis
  let beat = () => {}
  globalThis.setInterval = ((action: () => void) => (beat = action, 0)) as never
  try {
    let nowMs = 0
    const said: boolean[] = []
    const handlers = {
      ...{ hello: () => true, message() {}, closed() {} },
      silent: (_: unknown, is: boolean) => void said.push(is),
    }
    const options = { now: () => nowMs, heartbeatMs: 500, doubtMs: 1500, silenceMs: 6000 }
    const link = createLink({ send() {}, close() {} }, handlers, options)
    const say = (message: object) => link.receive(JSON.stringify(message))
    const wait = (beats: number) => {
      for (let i = 0; i < beats; i++) {
        nowMs += 500
        beat()
      }
    }
    say({ type: 'hello', protocol: PROTOCOL_VERSION, nodeId: 'n', epoch: 1 })
    wait(2)
    say({ type: 'pong', n: 0 })
    wait(5)
    assert.deepEqual(said, [])
    wait(1)
    assert.deepEqual(said, [true])
    say({ type: 'pong', n: 0 })
    assert.deepEqual(said, [true, false])
    link.close(1000, 'done')
  } finally {
    globalThis.setInterval = setInterval
  }
})
