/** Links that have not said hello: few for an address, and only those that are there. */
import assert from 'node:assert/strict'
import { createLobby } from '../../src/coordinator/doors/lobby.ts'
import { withCoordinator } from './fixture.ts'
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
  const lobby = createLobby(() => 0, { perAddress: 2, all: 3 })
  const isFull = (address: string) => assert.throws(() => lobby.enter(address), /too many/)
  for (let i = 0; i < 3; i++) {
    const [one, two] = [lobby.enter('a'), lobby.enter('a')]
    isFull('a')
    const other = lobby.enter('b')
    isFull('c')
    other()
    other()
    const third = lobby.enter('c')
    isFull('b')
    third()
    one()
    one()
    const anew = lobby.enter('a')
    isFull('a')
    for (const leave of [two, anew]) leave()
  }
})

Deno.test('of those turned away so many are remembered, and whoever was so first gets in again', () => {
  const lobby = createLobby(() => 0)
  for (let i = 0; i < 10_001; i++) lobby.turnAway(`${i}`, 1000)
  assert.throws(() => lobby.enter('1'), /closed for what it said/)
  lobby.enter('0')()
})
