/** Links that have not said hello: few for an address, and only those that are there. */
import assert from 'node:assert/strict'
import { createKeyring, hashOf, makeKey } from '../../src/coordinator/core/keys.ts'
import { createPendingSockets } from '../../src/coordinator/http/access/pending_sockets.ts'
import { joinScripted, withCoordinator } from './fixture.ts'
import { hangUp, rawGet, UPGRADE } from './raw_socket.ts'

/** As from elsewhere: told by a proxy beside the coordinator. */
const linkOf = (address: string) => rawGet('/v1/link', `${UPGRADE}X-Forwarded-For: ${address}\r\n`)

async function open(url: string, address: string) {
  const conn = await Deno.connect({ hostname: '127.0.0.1', port: Number(new URL(url).port) })
  await conn.write(linkOf(address))
  const bytes = new Uint8Array(64)
  await conn.read(bytes)
  return { conn, status: Number(new TextDecoder().decode(bytes.subarray(9, 12))) }
}

Deno.test('links that say no hello are few for an address elsewhere', () =>
  withCoordinator(async ({ url }) => {
    const links = []
    for (let i = 0; i < 18; i++) links.push(await open(url, '203.0.113.9'))
    links.push(await open(url, '203.0.113.10'))
    assert.deepEqual(links.map(({ status }) => status), [
      ...Array(16).fill(101),
      ...[429, 429, 101],
    ])
    for (const { conn } of links) conn.close()
  }))

// Deno itself waits on for sockets that broke off as they opened.
Deno.test('links that break off while they open hold no place, and nothing up', {
  sanitizeOps: false,
}, () =>
  withCoordinator(async ({ url }) => {
    const request = linkOf('203.0.113.9')
    const cut = { sent: request.length, read: 0, reset: true }
    for (let i = 0; i < 40; i++) await hangUp(Number(new URL(url).port), request, cut)
    const { conn, status } = await open(url, '203.0.113.9')
    assert.equal(status, 101)
    conn.close()
  }))

/** Status, and what is wrong, of a request for a link from elsewhere. */
async function answer(url: string, headers: string) {
  const conn = await Deno.connect({ hostname: '127.0.0.1', port: Number(new URL(url).port) })
  await conn.write(rawGet('/v1/link', `${headers}X-Forwarded-For: 203.0.113.9\r\n`))
  const bytes = new Uint8Array(4096)
  const text = new TextDecoder().decode(bytes.subarray(0, await conn.read(bytes) ?? 0))
  return { conn, status: Number(text.slice(9, 12)), text }
}

Deno.test('requests that no socket comes of are told what is wrong, and hold no place', () =>
  withCoordinator(async ({ url }) => {
    const without = (name: string) =>
      UPGRADE.split('\r\n').filter((line) => !line.startsWith(name)).join('\r\n')
    for (
      const [headers, what] of [
        [without('Sec-WebSocket-Key'), /sec-websocket-key/],
        [without('Sec-WebSocket-Version'), /sec-websocket-version/],
        [UPGRADE.replace('Version: 13', 'Version: 8'), /sec-websocket-version/],
        [without('Connection'), /connection/],
        [UPGRADE.replace('websocket', 'h2c'), /upgrade/],
      ] as const
    ) {
      for (let i = 0; i < 17; i++) {
        const { conn, status, text } = await answer(url, headers)
        conn.close()
        assert.equal(status, 400, text)
        assert.match(text, /"reason":"invalid_input"/)
        assert.match(text, what)
      }
    }
    const { conn, status } = await open(url, '203.0.113.9')
    conn.close()
    assert.equal(status, 101)
  }))

Deno.test('a link is asked for in any case, and its place given back when it closes', () =>
  withCoordinator(async ({ url }) => {
    for (let i = 0; i < 20; i++) {
      const name = ['WebSocket', 'WEBSOCKET', 'websocket'][i % 3]!
      const { conn, status, text } = await answer(url, UPGRADE.replace('websocket', name))
      assert.equal(status, 101, text)
      // An empty close frame, masked; the answer to it comes once the socket is closed there.
      await conn.write(Uint8Array.of(0x88, 0x80, 0, 0, 0, 0))
      while (await conn.read(new Uint8Array(64)) !== null);
      conn.close()
    }
  }))

Deno.test('places are bounded for an address and for all together, and each is given back once', () => {
  const pending = createPendingSockets(() => 0, { perAddress: 2, all: 3 })
  const isFull = (address: string) => assert.throws(() => pending.enter(address), /too many/)
  for (let i = 0; i < 3; i++) {
    const [one, two] = [pending.enter('a'), pending.enter('a')]
    isFull('a')
    const other = pending.enter('b')
    isFull('c')
    other()
    other()
    const third = pending.enter('c')
    isFull('b')
    third()
    one()
    one()
    const anew = pending.enter('a')
    isFull('a')
    for (const leave of [two, anew]) leave()
  }
})

Deno.test('of those turned away so many are remembered, and whoever was so first gets in again', () => {
  const pending = createPendingSockets(() => 0)
  for (let i = 0; i < 10_001; i++) pending.turnAway(`${i}`, 1000)
  assert.throws(() => pending.enter('1'), /closed for what it said/)
  pending.enter('0')()
})

/** The head of a masked binary frame of so many bytes, whose mask is zero; 0x80 ends its message. */
function frameHead(bytes: number, final = 0x80): Uint8Array<ArrayBuffer> {
  const head = Uint8Array.from({ length: 14 }, (_, i) => [final | 2, 0x80 | 127][i] ?? 0)
  new DataView(head.buffer).setUint32(6, bytes)
  return head
}

/** Resolves once the other side has ended the connection, in whatever way. */
async function untilEnded(conn: Deno.Conn): Promise<void> {
  const bytes = new Uint8Array(4096)
  while (await conn.read(bytes).catch(() => null) !== null);
  conn.close()
}

/** All of it, as far as the other side takes it. */
async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<boolean> {
  try {
    for (let at = 0; at < bytes.byteLength;) at += await conn.write(bytes.subarray(at))
    return true
  } catch {
    return false
  }
}

const MIB = new Uint8Array(1024 * 1024)

Deno.test('a link that is in the midst of a message when its time is up is ended, and its place free', () =>
  withCoordinator(async ({ url }) => {
    const conns: Deno.Conn[] = []
    for (let i = 0; i < 16; i++) {
      const { conn, status } = await open(url, '203.0.113.9')
      assert.equal(status, 101)
      // A whole frame announced, or a fragment that ends and no other: neither says more.
      await writeAll(conn, i % 2 === 0 ? frameHead(60 * MIB.length) : frameHead(0, 0))
      await writeAll(conn, i % 2 === 0 ? MIB : new Uint8Array())
      conns.push(conn)
    }
    await Promise.all(conns.map(untilEnded))
    for (let i = 0; i < 16; i++) {
      const { conn, status } = await open(url, '203.0.113.9')
      assert.equal(status, 101)
      conn.close()
    }
  }, { helloTimeoutMs: 50 }))

Deno.test('links without a hello that make the process grow are all ended, and none that is in', () => {
  const token = makeKey('node')
  const keyring = createKeyring([{ name: 'nodes', role: 'node', sha256: hashOf(token) }])
  return withCoordinator(
    async (coordinator) => {
      const inside = await joinScripted(coordinator, 'inside', undefined, { token })
      const { conn: idle } = await open(coordinator.url, '203.0.113.10')
      const { conn } = await open(coordinator.url, '203.0.113.9')
      let sent = 0
      const fragment = frameHead(MIB.length, 0)
      // Deno takes fragments without end.
      while (sent < 4096 && await writeAll(conn, fragment) && await writeAll(conn, MIB)) {
        fragment[0] = 0
        sent++
      }
      assert.ok(sent < 4096, 'all of four gigabytes were taken')
      await Promise.all([untilEnded(conn), untilEnded(idle)])
      assert.equal(inside.socket.readyState, WebSocket.OPEN)
      await inside.leave()
    },
    { helloTimeoutMs: 60_000 },
    { keyring },
  )
})
