/** Nodes that talk and do not read: what waits for them is bounded, and the others are served. */
import assert from 'node:assert/strict'
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import type { Link } from '../../src/coordinator/nodes/link.ts'
import { ask, joinScripted, untilHolds, withCoordinator } from './fixture.ts'
import { frame, rawGet, UPGRADE } from './raw_socket.ts'

/** With a node that is let in and reads nothing from then on. */
async function withDeaf(
  { url, pool }: Coordinator,
  test: (link: Link, send: (bytes: Uint8Array) => Promise<void>) => Promise<void> | void,
) {
  const conn = await Deno.connect({ hostname: '127.0.0.1', port: Number(new URL(url).port) })
  const send = async (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at))
  }
  try {
    await send(rawGet('/v1/link', UPGRADE))
    await conn.read(new Uint8Array(4096))
    const hello = { type: 'hello', protocol: 1, nodeId: 'deaf', name: 'deaf', epoch: 1, slots: 1 }
    await send(frame(JSON.stringify(hello).padEnd(200)))
    while (pool.node('deaf') === undefined) await new Promise((done) => setTimeout(done, 1))
    await test(pool.node('deaf')!.link, send)
  } finally {
    conn.close()
  }
}

const WHY = /node deaf left: it does not read what it is sent/

Deno.test('a node that asks for ever more words and reads none is put out', async () => {
  const lines: string[] = []
  await withCoordinator(
    async (coordinator) => {
      const good = await joinScripted(coordinator, 'good')
      await untilHolds(coordinator, 'good', 4)
      const name = 'n'.repeat(128)
      const ref = { slot: 9, pipeline: name, task: name, variant: name }
      const one = frame(JSON.stringify({ type: 'ready', loadMs: 1, ...ref }))
      const many = new Uint8Array(500 * one.length)
      for (let i = 0; i < 500; i++) many.set(one, i * one.length)
      await withDeaf(coordinator, async (link, send) => {
        // Far more than sockets on their own take. Who is put out may not be read to the end.
        const flood = (async () => {
          for (let i = 0; i < 200 && link.open; i++) await send(many)
        })().catch(() => {})
        const out = (async () => {
          while (link.open) await new Promise((done) => setTimeout(done, 1))
        })()
        await Promise.race([flood, out])
        assert.equal(link.open, false)
      })
      assert.match(lines.join('\n'), WHY)
      const response = await ask(coordinator)
      assert.equal(response.status, 200, await response.text())
      assert.equal(good.socket.readyState, WebSocket.OPEN)
    },
    { silenceMs: 600_000 },
    { log: (line) => void lines.push(line) },
  )
})

Deno.test('all pictures that are inside may wait for one node, and no more', async () => {
  const lines: string[] = []
  await withCoordinator(
    async (coordinator) => {
      const large = new Uint8Array(16 * 1024 * 1024 - 1000)
      let sent = 0
      await withDeaf(coordinator, (link) => {
        while (sent < 40 && link.open) {
          link.send({ type: 'release', keys: ['k'] }, [large])
          if (link.open) sent++
        }
      })
      assert.ok(sent >= 32, `${sent} were sent`)
      assert.ok(sent <= 34, `${sent} were sent`)
      assert.match(lines.join('\n'), WHY)
    },
    { silenceMs: 600_000 },
    { log: (line) => void lines.push(line) },
  )
})

Deno.test('a node that reads is sent as many words as it asks for', () =>
  withCoordinator(async (coordinator) => {
    const node = await joinScripted(coordinator, 'eager')
    await untilHolds(coordinator, 'eager', 4)
    const ref = { slot: 0, pipeline: 'gone', task: 't', variant: 'v' }
    for (let i = 0; i < 30; i++) {
      for (let k = 0; k < 1000; k++) node.send({ type: 'ready', loadMs: 1, ...ref })
      const answered = (i + 1) * 1000
      while (node.messages.filter(({ type }) => type === 'unload').length < answered) {
        assert.equal(node.socket.readyState, WebSocket.OPEN)
        await new Promise((done) => setTimeout(done, 1))
      }
    }
  }))
