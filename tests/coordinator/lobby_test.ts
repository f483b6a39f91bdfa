/** Links that have not said hello: few for an address, and only those that are there. */
import assert from 'node:assert/strict'
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

Deno.test('links that break off while they open hold no place, and nothing up', () =>
  withCoordinator(async ({ url }) => {
    const request = linkOf('203.0.113.9')
    const cut = { sent: request.length, read: 0, reset: true }
    for (let i = 0; i < 40; i++) await hangUp(Number(new URL(url).port), request, cut)
    const { conn, status } = await open(url, '203.0.113.9')
    assert.equal(status, 101)
    conn.close()
  }))
