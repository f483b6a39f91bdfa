import assert from 'node:assert/strict'
import { createKeyring, hashOf, makeKey } from '../../src/coordinator/core/keys.ts'
import { MAX_FRAME_BYTES, PROTOCOL_VERSION } from '../../src/protocol/mod.ts'
import {
  ask,
  honest,
  joinScripted,
  openLink,
  untilHolds,
  untilReady,
  withCoordinator,
} from './fixture.ts'

Deno.test('a link without hello in time is closed with 4401', () =>
  withCoordinator(async (coordinator) => {
    const node = await openLink(coordinator)
    assert.equal((await node.closed).code, 4401)
  }, { helloTimeoutMs: 50 }))

Deno.test('a first message that is no hello closes the link with 4401', () =>
  withCoordinator(async (coordinator) => {
    for (const first of ['garbage', '{"type":"pong","n":1}', new Uint8Array(40)]) {
      const node = await openLink(coordinator)
      node.socket.send(first)
      assert.equal((await node.closed).code, 4401, String(first))
    }
  }))

Deno.test('another protocol version is refused with what mends it', () =>
  withCoordinator(async (coordinator) => {
    for (
      const [protocol, remedy] of [[PROTOCOL_VERSION - 1, /update the node/], [
        99,
        /coordinator/,
      ]] as const
    ) {
      const node = await openLink(coordinator)
      // A hello of another version may have other fields.
      node.socket.send(JSON.stringify({ type: 'hello', protocol, novel: true }))
      const refusal = await node.got('refuse')
      assert.equal(refusal.reason, 'protocol')
      assert.match(refusal.remedy ?? '', remedy)
      assert.equal((await node.closed).code, 4426)
    }
  }))

Deno.test('a malformed frame closes its link with 1007, an oversized one with 1009; others stay', () =>
  withCoordinator(async (coordinator) => {
    const good = await joinScripted(coordinator, 'good')
    await untilReady(coordinator)
    for (
      const [frame, code] of [
        ['{"type":"result"}', 1007],
        [new Uint8Array(100), 1007],
        [new Uint8Array(MAX_FRAME_BYTES + 1), 1009],
      ] as const
    ) {
      const bad = await joinScripted(coordinator, 'bad')
      await untilHolds(coordinator, 'bad', 4)
      bad.socket.send(frame)
      assert.equal((await bad.closed).code, code)
    }
    const response = await ask(coordinator)
    assert.equal(response.status, 200)
    await response.body?.cancel()
    assert.equal(good.socket.readyState, WebSocket.OPEN)
  }))

Deno.test('a result that cannot be read fails its batch; a node that goes on so loses its link', () =>
  withCoordinator(async (coordinator) => {
    let deep: unknown = 1
    for (let depth = 0; depth < 40; depth++) deep = [deep]
    let odd = 0
    const node = await joinScripted(coordinator, 'one', (batch) => {
      if (odd === 0) return honest(batch)
      odd--
      const item = { ok: true, fields: { deep }, children: {} }
      return { items: batch.message.items.map(() => item as never) }
    })
    await untilReady(coordinator)
    odd = 1
    const response = await ask(coordinator)
    assert.equal(response.status, 200, await response.text())
    assert.equal(node.socket.readyState, WebSocket.OPEN)
    assert.equal(odd, 0)
    const times = { queueMs: 0, computeMs: 1, elapsedMs: 1 }
    for (let said = 1; said < 8; said++) {
      node.send({ type: 'result', batch: 1, ...times, items: [{ ok: 'rubbish' } as never] })
    }
    assert.equal((await node.closed).code, 1007)
  }))

Deno.test('a newer link of the same node takes over, an older one is turned away', () =>
  withCoordinator(async (coordinator) => {
    const first = await joinScripted(coordinator, 'one', undefined, { epoch: 5 })
    const second = await joinScripted(coordinator, 'one', undefined, { epoch: 6 })
    assert.equal((await first.closed).code, 4409)
    const late = await openLink(coordinator)
    late.send({ type: 'hello', protocol: PROTOCOL_VERSION, nodeId: 'one', epoch: 4 })
    assert.equal((await late.closed).code, 4409)
    assert.equal(second.socket.readyState, WebSocket.OPEN)
    assert.equal(coordinator.pool.nodes().length, 1)
  }))

Deno.test('a silent link counts as gone', () =>
  withCoordinator(async (coordinator) => {
    const node = await openLink(coordinator)
    const mute = node.socket
    mute.send(JSON.stringify({ type: 'hello', protocol: PROTOCOL_VERSION, nodeId: 'x', epoch: 1 }))
    mute.onmessage = () => {}
    await node.closed
    assert.equal(coordinator.pool.nodes().length, 0)
  }, { heartbeatMs: 10, silenceMs: 60 }))

Deno.test('late, unknown and doubled results harm nobody', () =>
  withCoordinator(async (coordinator) => {
    const node = await joinScripted(coordinator, 'one')
    await untilReady(coordinator)
    await (await ask(coordinator)).body?.cancel()
    const times = { queueMs: 0, computeMs: 1, elapsedMs: 1 }
    for (const batch of [...node.batches.map(({ message }) => message.batch), 987_654]) {
      node.send({ type: 'result', batch, items: [], ...times })
      node.send({ type: 'batch_failed', batch, message: 'late' })
    }
    node.send({ type: 'ready', slot: 40, pipeline: 'ghost', task: 'x', variant: 'y', loadMs: 1 })
    const response = await ask(coordinator)
    assert.equal(response.status, 200)
    await response.body?.cancel()
  }))

Deno.test('where too many tokens were tried, a wrong one waits, and a right one gets in', () => {
  const good = makeKey('node')
  const keyring = createKeyring([
    { name: 'nodes', role: 'node', sha256: hashOf(good) },
    { name: 'admin', role: 'admin', sha256: hashOf(makeKey('admin')) },
  ])
  const limits = { failure: { perS: 0.001, burst: 2 } }
  return withCoordinator(
    async (coordinator) => {
      const { url, pool } = coordinator
      for (const status of [401, 401, 429]) {
        const headers = { authorization: `Bearer ${makeKey('admin')}` }
        const response = await fetch(`${url}/v1/nodes`, { headers })
        assert.equal(response.status, status)
        await response.body?.cancel()
      }
      const node = await openLink(coordinator)
      const hello = { type: 'hello', protocol: PROTOCOL_VERSION, nodeId: 'bad', epoch: 1 } as const
      node.send({ ...hello, token: makeKey('node') })
      const { code, reason } = await node.closed
      assert.deepEqual([code, reason.startsWith('too many wrong tokens')], [1013, true])
      // It may come again, and is not told that its token is wrong.
      assert.ok(!node.messages.some(({ type }) => type === 'refuse'))
      const right = await joinScripted(coordinator, 'good', undefined, { token: good })
      await right.got('welcome')
      assert.deepEqual(pool.nodes().map(({ id }) => id), ['good'])
    },
    undefined,
    { keyring, limits },
  )
})

Deno.test('a page of another origin cannot open a link', () =>
  withCoordinator(async ({ url }) => {
    const status = async (headers: Record<string, string>) => {
      const response = await fetch(`${url}/v1/link`, { headers })
      await response.body?.cancel()
      return response.status
    }
    assert.equal(await status({ origin: 'http://evil.example' }), 403)
    assert.equal(await status({ origin: url }), 400, 'own origin: let through to the upgrade')
  }))
