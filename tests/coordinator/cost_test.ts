/** What a node says takes a part of the coordinator's one thread, and no more. */
import assert from 'node:assert/strict'
import { createCost } from '../../src/coordinator/nodes/cost.ts'
import { createKeyring, hashOf, makeKey } from '../../src/coordinator/core/keys.ts'
import { createLink, type LinkHandlers } from '../../src/coordinator/nodes/link.ts'
import {
  type CoordinatorMessage,
  type NodeMessage,
  PROTOCOL_VERSION,
} from '../../src/protocol/mod.ts'
import { ask, joinScripted, untilReady, withCoordinator } from './fixture.ts'

const hello = { type: 'hello', protocol: PROTOCOL_VERSION, nodeId: 'n', epoch: 1 } as const

Deno.test('a cost counts for what it is: collections of garbage and sleep are no message', () => {
  let nowMs = 0
  const { spend } = createCost(() => nowMs)
  // Six thousand messages a second, of which some were read while garbage was collected.
  for (let i = 0; i < 60_000; i++) {
    nowMs += 1 / 6
    assert.ok(spend(i % 1000 === 0 ? 200 : 0.03, 400), String(i))
  }
  nowMs += 3600_000
  assert.ok(spend(3600_000, 400))
})

Deno.test('messages that fill the thread are too much, and those that fill a fifth of it are not', () => {
  for (const share of [1, 1 / 5]) {
    let nowMs = 0
    const { spend } = createCost(() => nowMs)
    let messages = 0
    do nowMs += 30 / share
    while (spend(30, 200_000) && ++messages < 1000)
    assert.equal(messages < 1000, share === 1, String(messages))
  }
})

Deno.test('large results are read for nothing, and those that are made to take long are not', () => {
  for (const [tookMs, bytes] of [[200, 4e6], [2500, 12e6]] as const) {
    let nowMs = 0
    const { spend } = createCost(() => nowMs)
    let results = 0
    do nowMs += tookMs
    while (spend(tookMs, bytes, true) && ++results < 1000)
    assert.equal(results < 1000, tookMs > 1000, String(results))
  }
})

Deno.test('who says what cannot be read is told so, however long it took to find out', () => {
  let [nowMs, stepMs] = [0, 0]
  const closed: number[] = []
  const socket = { send() {}, close: (code: number) => void closed.push(code) }
  const handlers: LinkHandlers = { hello: () => true, message() {}, silent() {}, closed() {} }
  const blamed: number[] = []
  const made = createLink(socket, handlers, {
    now: () => nowMs += stepMs,
    heartbeatMs: 600_000,
    blamed: (spentMs) => void blamed.push(spentMs),
  })
  made.receive(JSON.stringify(hello))
  stepMs = 3000
  made.receive('x'.repeat(4_000_000))
  assert.deepEqual(closed, [1007])
  assert.ok(blamed.length === 1 && blamed[0]! > 2000, `${blamed}`)
})

/** A link whose every message takes the coordinator so long. */
function link(tookMs: number) {
  let nowMs = 0
  const said: string[] = []
  const handlers: LinkHandlers = {
    hello: () => true,
    message: () => void (nowMs += tookMs),
    silent() {},
    closed: (_, why) => void said.push(why),
  }
  const blamed = (spentMs: number) => void said.push(`${spentMs > 1000}`)
  const options = { now: () => nowMs, heartbeatMs: 600_000, blamed }
  const made = createLink({ send() {}, close() {} }, handlers, options)
  const say = (message: NodeMessage) => made.receive(JSON.stringify(message))
  say(hello)
  return { made, say, said }
}

Deno.test('a node whose words take too long loses its link; what it was asked for is not its doing', () => {
  const ref = { slot: 0, pipeline: 'p', task: 't', variant: 'v' }
  const ready = { type: 'ready', loadMs: 1, ...ref } as const
  for (const word of [{ type: 'report', slots: 1 }, ready] as const) {
    const busy = link(0.5)
    for (let i = 0; i < 10_000 && busy.made.open; i++) busy.say(word)
    assert.deepEqual(busy.said, ['true', 'its messages take too long to read'])
  }
  const useful = link(0.5)
  const batch: CoordinatorMessage = {
    ...{ type: 'batch', batch: 0, ...ref, remainingMs: 1, giveUpMs: 1, crops: 'raw' },
    items: [{ meta: {}, payload: { key: 'k' } }],
  }
  const took = { queueMs: 0, computeMs: 1, elapsedMs: 1 }
  useful.made.send({ type: 'load', instances: Array(10_000).fill(ref) })
  for (let n = 0; n < 10_000; n++) {
    useful.say(ready)
    useful.made.send({ ...batch, batch: n })
    useful.say({ type: 'result', batch: n, items: [], ...took })
  }
  assert.ok(useful.made.open)
  useful.made.close(1000, 'done')
  assert.deepEqual(useful.said, ['done'])
})

Deno.test('a node is asked for one answer each time, and more of them are its own doing', () => {
  const ref = { slot: 0, pipeline: 'p', task: 't', variant: 'v' }
  const { made, say, said } = link(0.5)
  made.send({ type: 'load', instances: [ref] })
  for (let i = 0; i < 10_000 && made.open; i++) say({ type: 'ready', loadMs: 1, ...ref })
  assert.deepEqual(said, ['true', 'its messages take too long to read'])
})

Deno.test('a node that floods is closed and kept away; others are served, and let in', async () => {
  const token = makeKey('node')
  const keyring = createKeyring([{ name: 'nodes', role: 'node', sha256: hashOf(token) }])
  const left = Promise.withResolvers<string>()
  const log = (line: string) => void (/node flood left/.test(line) && left.resolve(line))
  await withCoordinator(
    async (coordinator) => {
      const good = await joinScripted(coordinator, 'good', undefined, { token })
      await untilReady(coordinator)
      const from = (address: string) =>
        new WebSocket(`${coordinator.url.replace('http', 'ws')}/v1/link`, {
          headers: { 'x-forwarded-for': address },
        } as unknown as string[])
      const flood = from('203.0.113.9')
      await new Promise((done) => flood.onopen = done)
      flood.send(JSON.stringify({ ...hello, nodeId: 'flood', token }))
      const points = Array.from({ length: 8 }, (_, i) => ({ batch: i + 1, latencyMs: i + 1 }))
      const profile = Array.from(
        { length: 1024 },
        (_, i) => ({ pipeline: 'other', task: 'other', variant: `${i}`, points }),
      )
      const report = JSON.stringify({ type: 'report', profile })
      const ended = new Promise((done) => flood.onclose = flood.onerror = done)
      const sending = setInterval(() => {
        while (flood.readyState === WebSocket.OPEN && flood.bufferedAmount < 2e6) flood.send(report)
      })
      assert.match(await left.promise, /take too long to read/)
      await ended
      clearInterval(sending)

      const opens = (socket: WebSocket) =>
        new Promise((done) => {
          socket.onopen = () => done(true)
          socket.onerror = () => done(false)
        })
      assert.equal(await opens(from('203.0.113.9')), false)
      const other = from('203.0.113.10')
      assert.equal(await opens(other), true)
      const closed = new Promise((done) => other.onclose = done)
      other.close()
      await closed
      const response = await ask(coordinator)
      assert.equal(response.status, 200, await response.text())
      assert.equal(good.socket.readyState, WebSocket.OPEN)
    },
    // The flood answers none.
    { heartbeatMs: 600_000 },
    { log, keyring },
  )
})
