/** Messages in fragments that never end: what they may hold, and whom they cost their link. */
import assert from 'node:assert/strict'
import { fromFileUrl } from '../../src/cli/root.ts'
import { createFragmentRoom } from '../../src/coordinator/nodes/fragments.ts'
import { encodeFrame, PROTOCOL_VERSION, splitFrame } from '../../src/protocol/mod.ts'
import {
  joinScripted,
  openLink,
  type ScriptedNode,
  untilHolds,
  withCoordinator,
} from './fixture.ts'
import { fragmentOf } from './fragments.ts'

const KIB = 1024
const hello = { type: 'hello', protocol: PROTOCOL_VERSION, nodeId: 'x', epoch: 1 } as const

Deno.test('who has not said hello can send no bytes, neither a fragment nor a hello in one frame', () => {
  const room = createFragmentRoom()
  return withCoordinator(async (coordinator) => {
    for (const bytes of [fragmentOf(0, 2, 200 * KIB), encodeFrame(hello, [])]) {
      const node = await openLink(coordinator)
      node.socket.send(bytes)
      const isTaken = () => room.bytes > 0 || coordinator.pool.nodes().length > 0
      while (node.socket.readyState === WebSocket.OPEN && !isTaken()) {
        await new Promise((done) => setTimeout(done, 1))
      }
      assert.ok(!isTaken())
      assert.equal((await node.closed).code, 4401)
    }
  }, { fragments: room, helloTimeoutMs: 600_000 })
})

Deno.test('fragments of a closed link are let go, though its socket stays', async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...['run', '-A', '--no-check', '--v8-flags=--expose-gc'],
      fromFileUrl(new URL('fragments_child.ts', import.meta.url)),
    ],
    stdout: 'piped',
    stderr: 'inherit',
  })
  const { code, stdout } = await child.output()
  assert.equal(code, 0)
  const { before, during, after, counted } = JSON.parse(new TextDecoder().decode(stdout))
  assert.ok(during - before > 120 * 1000 * KIB, 'they were there')
  assert.ok(after - before < 30 * 1000 * KIB, `${after - before} bytes stay of ${during - before}`)
  assert.equal(counted, 0)
})

Deno.test('a message in more fragments than the largest needs closes its link', () => {
  const room = createFragmentRoom()
  return withCoordinator(async (coordinator) => {
    const node = await joinScripted(coordinator, 'tiny')
    await untilHolds(coordinator, 'tiny', 4)
    node.socket.send(fragmentOf(0, 100_000, 1))
    while (node.socket.readyState === WebSocket.OPEN && room.bytes === 0) {
      await new Promise((done) => setTimeout(done, 1))
    }
    assert.equal(room.bytes, 0)
    assert.equal((await node.closed).code, 1007)
  }, { fragments: room })
})

Deno.test('nodes that never end their messages close one of their own, not who comes after them', () => {
  const room = createFragmentRoom(6 * 300 * KIB + 50 * KIB)
  const each = 3 * (100 * KIB + 16)
  return withCoordinator(async (coordinator) => {
    const untilSaid = async (id: string, threadsPerRun: number, node: ScriptedNode) => {
      while (coordinator.pool.node(id)?.threadsPerRun !== threadsPerRun) {
        assert.equal(node.socket.readyState, WebSocket.OPEN)
        await new Promise((done) => setTimeout(done, 1))
      }
    }
    const stuck = []
    for (let i = 0; i < 6; i++) {
      const node = await joinScripted(coordinator, `stuck-${i}`)
      await untilHolds(coordinator, `stuck-${i}`, 4)
      for (let k = 0; k < 3; k++) node.socket.send(fragmentOf(k, 100, 100 * KIB))
      // What is said between them ends nothing.
      node.send({ type: 'report', threadsPerRun: 5 })
      await untilSaid(`stuck-${i}`, 5, node)
      assert.equal(room.bytes, (i + 1) * each)
      stuck.push(node)
    }
    const good = await joinScripted(coordinator, 'good')
    await untilHolds(coordinator, 'good', 4)
    const whole = encodeFrame({ type: 'report', threadsPerRun: 7 }, [new Uint8Array(150 * KIB)])
    for (const fragment of splitFrame([whole], 1, 100 * KIB)) good.socket.send(fragment)
    await untilSaid('good', 7, good)
    assert.equal((await stuck[0]!.closed).code, 1013)
    assert.deepEqual(
      coordinator.pool.nodes().map(({ id }) => id),
      ['stuck-1', 'stuck-2', 'stuck-3', 'stuck-4', 'stuck-5', 'good'],
    )
    assert.equal(room.bytes, 5 * each)
  }, { fragments: room, silenceMs: 600_000 })
})

Deno.test('where who comes holds most, it is who comes that is closed', () => {
  const room = createFragmentRoom(1000)
  const closed: string[] = []
  const holder = (name: string) => ({
    close: (code: number) => void closed.push(`${name} ${code}`),
  })
  const [small, large, equal] = [holder('small'), holder('large'), holder('equal')]
  room.add(small, 400)
  room.add(large, 500)
  room.add(large, 200)
  assert.deepEqual(closed, ['large 1013'])
  assert.equal(room.bytes, 400)
  room.add(equal, 400)
  room.add(equal, 1)
  room.leave(equal)
  assert.equal(room.bytes, 400)
  room.add(equal, 400)
  room.add(large, 300)
  // Of equals whoever began first.
  assert.deepEqual(closed, ['large 1013', 'small 1013'])
  assert.equal(room.bytes, 700)
})
