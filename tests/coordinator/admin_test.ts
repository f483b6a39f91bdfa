/** What whoever runs the coordinator may do to a node, over real links. */
import assert from 'node:assert/strict'
import type { NodeInfo } from '../../src/client/types.ts'
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import { createApp } from '../../src/coordinator/app.ts'
import {
  ask,
  type Behaviour,
  honest,
  joinScripted,
  openLink,
  PATIENT,
  untilHolds,
  untilReady,
  withCoordinator,
} from './fixture.ts'
import { PROTOCOL_VERSION } from '../../src/protocol/mod.ts'

async function change(
  { url }: Coordinator,
  id: string,
  action: 'pause' | 'resume' | 'drain' | 'DELETE',
  headers: Record<string, string> = {},
) {
  const response = action === 'DELETE'
    ? await fetch(`${url}/v1/nodes/${id}`, { method: 'DELETE', headers })
    : await fetch(`${url}/v1/nodes/${id}/${action}`, { method: 'POST', headers })
  const text = await response.text()
  return { status: response.status, json: text === '' ? null : JSON.parse(text) }
}

const infoOf = ({ pool }: Coordinator, id: string): NodeInfo =>
  pool.nodes().find((node) => node.id === id) ?? assert.fail(`no node ${id}`)

async function untilGone({ pool }: Coordinator, id: string) {
  while (pool.node(id) !== undefined) await new Promise((done) => setTimeout(done, 1))
}

const nodesOf = async (response: Response) =>
  new Set((await response.json()).stages.map(({ node }: { node: string }) => node))

Deno.test('a paused node gets no work until it is resumed, also when it joins anew', () =>
  withCoordinator(async (coordinator) => {
    const first = await joinScripted(coordinator, 'one')
    await untilReady(coordinator)
    const paused = await change(coordinator, 'one', 'pause')
    assert.equal(paused.status, 200)
    assert.equal(paused.json.node.state, 'paused')
    assert.equal(paused.json.node.pausedBy, 'coordinator')
    const refused = async () => {
      const response = await ask(coordinator, { 'x-request-timeout-ms': '300' })
      assert.equal((await response.json()).reason, 'no_capable_node')
      assert.equal(response.status, 503)
    }
    await refused()
    // What the volunteer says of itself does not undo it.
    first.send({ type: 'report', paused: false })
    first.send({ type: 'report', threadsPerRun: 3 })
    while (infoOf(coordinator, 'one').threadsPerRun !== 3) {
      await new Promise((r) => setTimeout(r, 1))
    }
    assert.equal(infoOf(coordinator, 'one').state, 'paused')
    await refused()
    await first.leave()
    await untilGone(coordinator, 'one')
    const again = await joinScripted(coordinator, 'one', honest, { epoch: 2 })
    await untilHolds(coordinator, 'one', 4)
    assert.equal(infoOf(coordinator, 'one').state, 'paused')
    await refused()
    assert.deepEqual(again.batches, [])

    const resumed = await change(coordinator, 'one', 'resume')
    assert.equal(resumed.status, 200)
    assert.equal(resumed.json.node.pausedBy, null)
    const answered = await ask(coordinator)
    assert.equal(answered.status, 200)
    await answered.body?.cancel()
  }))

Deno.test("resume leaves a volunteer's own pause", () =>
  withCoordinator(async (coordinator) => {
    const node = await joinScripted(coordinator, 'one')
    await untilReady(coordinator)
    node.send({ type: 'report', paused: true, pausedBy: 'battery' })
    while (infoOf(coordinator, 'one').state !== 'paused') await new Promise((r) => setTimeout(r, 1))
    await change(coordinator, 'one', 'pause')
    const { json } = await change(coordinator, 'one', 'resume')
    assert.equal(json.node.state, 'paused')
    assert.equal(json.node.pausedBy, 'battery')
  }))

Deno.test('a drained node gets nothing new, finishes what it has, and may come again', () =>
  withCoordinator(async (coordinator) => {
    let finish = () => {}
    const slow: Behaviour = (batch) => {
      finish = () => {
        const result = honest(batch)
        one.send({
          ...{ type: 'result', batch: batch.message.batch, items: result?.items ?? [] },
          ...{ queueMs: 0, computeMs: 1, elapsedMs: 1 },
        }, result?.blobs)
      }
      return undefined
    }
    const one = await joinScripted(coordinator, 'one', slow)
    await untilReady(coordinator)
    const inside = ask(coordinator, PATIENT)
    await one.got('batch')
    const { status, json } = await change(coordinator, 'one', 'drain')
    assert.equal(status, 202)
    assert.equal(json.node.state, 'paused')
    assert.match((await one.got('drain')).reason, /asked by the coordinator/)
    const two = await joinScripted(coordinator, 'two')
    await untilHolds(coordinator, 'two', 4)
    finish()
    // Its first stage was let finish where it was; the next went to the other.
    assert.deepEqual(await nodesOf(await inside), new Set(['one', 'two']))
    assert.deepEqual(await nodesOf(await ask(coordinator, PATIENT)), new Set(['two']))
    assert.equal(one.batches.length, 1)
    one.send({ type: 'bye', reason: 'drained' })
    await untilGone(coordinator, 'one')
    await two.leave()
    await untilGone(coordinator, 'two')
    await joinScripted(coordinator, 'one', honest, { epoch: 2 })
    await untilReady(coordinator)
    assert.deepEqual(await nodesOf(await ask(coordinator)), new Set(['one']))
  }))

Deno.test('a removed node is gone at once, its work is done elsewhere, and it stays out', () =>
  withCoordinator(async (coordinator) => {
    const one = await joinScripted(coordinator, 'one', () => undefined)
    await untilReady(coordinator)
    const inside = ask(coordinator, PATIENT)
    await one.got('batch')
    await joinScripted(coordinator, 'two')
    await untilHolds(coordinator, 'two', 4)
    assert.deepEqual(await change(coordinator, 'one', 'DELETE'), { status: 204, json: null })
    assert.equal(coordinator.pool.node('one'), undefined)
    await one.closed
    assert.ok(one.messages.some(({ type }) => type === 'drain'))
    assert.deepEqual(await nodesOf(await inside), new Set(['two']))

    const back = await openLink(coordinator)
    back.send({ type: 'hello', protocol: PROTOCOL_VERSION, nodeId: 'one', epoch: 2 })
    const refusal = await back.got('refuse')
    assert.equal(refusal.reason, 'unauthorized')
    assert.match(refusal.message, /removed/)
    assert.equal((await back.closed).code, 4401)
    assert.deepEqual(await change(coordinator, 'one', 'resume'), {
      status: 200,
      json: { node: null },
    })
    await joinScripted(coordinator, 'one', honest, { epoch: 3 })
  }))

Deno.test('nodes are changed from loopback alone, by no proxy and no page from elsewhere', () =>
  withCoordinator(async (coordinator) => {
    await joinScripted(coordinator, 'one')
    const { host } = new URL(coordinator.url)
    for (
      const headers of [
        { 'x-forwarded-for': '203.0.113.9' },
        { forwarded: 'for=203.0.113.9' },
        { origin: 'http://elsewhere.example' },
        { origin: 'null' },
      ] as Record<string, string>[]
    ) {
      for (const action of ['pause', 'resume', 'drain', 'DELETE'] as const) {
        const { status, json } = await change(coordinator, 'one', action, headers)
        assert.equal(status, 403, JSON.stringify(headers))
        assert.equal(json.reason, 'forbidden')
      }
    }
    assert.equal(infoOf(coordinator, 'one').pausedBy, null)
    const own = await change(coordinator, 'one', 'pause', { origin: `http://${host}` })
    assert.equal(own.status, 200)
    for (const action of ['pause', 'resume', 'drain', 'DELETE'] as const) {
      const { status, json } = await change(coordinator, 'nobody', action)
      assert.equal(status, 404)
      assert.equal(json.reason, 'not_found')
    }
  }))

Deno.test('only an address of loopback is loopback', () =>
  withCoordinator(async ({ pool }) => {
    const now = () => performance.now()
    const app = createApp({
      ...{ pool, served: [], readModel: () => Promise.resolve(undefined), now, log: () => {} },
    })
    const from = async (env?: unknown) =>
      (await app.request('/v1/nodes/nobody/pause', { method: 'POST' }, env as object)).status
    const tcp = (hostname: string) => ({ remoteAddr: { transport: 'tcp', hostname, port: 4000 } })
    for (const address of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1']) {
      assert.equal(await from(tcp(address)), 404, address)
    }
    for (
      const address of ['192.168.1.7', '128.0.0.1', '::2', '::ffff:10.0.0.1', '127.0.0.1.evil']
    ) {
      assert.equal(await from(tcp(address)), 403, address)
    }
    assert.equal(await from(), 403)
    assert.equal(await from({ remoteAddr: { transport: 'unix', path: '127.0.0.1' } }), 403)
  }))
