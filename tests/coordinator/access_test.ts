/** Keys, roles, rates, origins: which caller may make which call. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Hono } from 'hono'
import { ROOT } from '../../src/cli/root.ts'
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import { createClient } from '../../src/client/client.ts'
import {
  createKeyring,
  hashOf,
  type Key,
  makeKey,
  type Role,
  ROLES,
} from '../../src/coordinator/core/keys.ts'
import { groupOf, leftAddress } from '../../src/coordinator/http/access/caller.ts'
import { createAccess, roleFor } from '../../src/coordinator/http/access/access.ts'
import { OPERATIONS } from '../../src/coordinator/apis/openapi/operations.ts'
import { PROTOCOL_VERSION } from '../../src/protocol/mod.ts'
import { ask, joinScripted, openLink, untilReady, withCoordinator } from './fixture.ts'

const texts = Object.fromEntries(ROLES.map((role) => [role, makeKey(role)])) as Record<Role, string>
const keyOf = (role: Role): Key => ({ name: role, role, sha256: hashOf(texts[role]) })
const bearer = (text: string) => ({ authorization: `Bearer ${text}` })
/** As from elsewhere: told by a proxy beside the coordinator. */
const AFAR = { 'x-forwarded-for': '203.0.113.9' }

async function get({ url }: Coordinator, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(url + path, { headers })
  const text = await response.text()
  const json = text.startsWith('{') ? JSON.parse(text) : {}
  return { status: response.status, reason: json.reason, headers: response.headers }
}

const withKeys = (
  roles: readonly Role[],
  test: (coordinator: Coordinator, keyring: ReturnType<typeof createKeyring>) => Promise<void>,
  limits = {},
) => {
  const keyring = createKeyring(roles.map(keyOf))
  return withCoordinator((coordinator) => test(coordinator, keyring), undefined, {
    keyring,
    limits,
  })
}

const FOR_CLIENTS = ['/v1/pipelines', '/v2/models/words', '/v2/models/words/stats']
const FOR_ADMINS = ['/v1/nodes', '/v1/plan', '/v1/stats', '/v1/history', '/metrics']
const FOR_ALL = ['/v2', '/v2/health/live', '/docs', '/docs/style.css', '/openapi.json']

Deno.test('each role may make its own calls, an admin all; without a key 401, with the wrong one 403', () =>
  withKeys(ROLES, async (coordinator) => {
    for (const path of [...FOR_CLIENTS, ...FOR_ADMINS]) {
      const isAdmins = FOR_ADMINS.includes(path)
      const none = await get(coordinator, path)
      assert.deepEqual([none.status, none.reason], [401, 'unauthorized'], path)
      assert.match(none.headers.get('www-authenticate') ?? '', /^Bearer/)
      assert.equal(none.headers.get('retry-after'), null)
      for (const wrong of [bearer('wrong'), { authorization: 'Basic YTpi' }]) {
        assert.equal((await get(coordinator, path, wrong)).status, 401, path)
      }
      const node = await get(coordinator, path, bearer(texts.node))
      // What there is to download is of interest before joining.
      const may = path === '/v1/pipelines' ? [200, undefined] : [403, 'forbidden']
      assert.deepEqual([node.status, node.reason], may, path)
      assert.equal(
        (await get(coordinator, path, bearer(texts.client))).status,
        isAdmins ? 403 : 200,
      )
      assert.equal((await get(coordinator, path, bearer(texts.admin))).status, 200, path)
    }
    for (const path of FOR_ALL) assert.equal((await get(coordinator, path)).status, 200, path)
    assert.equal((await get(coordinator, '/nowhere')).status, 401)
    assert.equal((await ask(coordinator, bearer(texts.node))).status, 403)
    // What changes the pool is an admin's, though its path begins as a client's does.
    const pin = `${coordinator.url}/v1/pipelines/words/variants/find/fast/pin`
    for (const [text, status] of [[texts.client, 403], [texts.admin, 200]] as const) {
      const response = await fetch(pin, { method: 'POST', headers: bearer(text) })
      await response.body?.cancel()
      assert.equal(response.status, status)
    }
    for (
      const [text, allowed] of [['', false], [texts.client, false], [texts.admin, true]] as const
    ) {
      const response = await fetch(`${coordinator.url}/v1/admin`, { headers: bearer(text) })
      assert.deepEqual(await response.json(), { allowed })
    }
  }))

Deno.test('a query is answered with a key, and a node joins with one in its hello', () =>
  withKeys(ROLES, async (coordinator) => {
    for (const token of [undefined, 'wrong', texts.client]) {
      const node = await openLink(coordinator)
      const hello = { type: 'hello', protocol: PROTOCOL_VERSION, nodeId: 'one', epoch: 1 } as const
      node.send(token === undefined ? hello : { ...hello, token })
      assert.equal((await node.got('refuse')).reason, 'unauthorized')
      assert.equal((await node.closed).code, 4401)
    }
    assert.deepEqual(coordinator.pool.nodes(), [])
    const node = await joinScripted(coordinator, 'one', undefined, { token: texts.node })
    await untilReady(coordinator)
    const answer = await ask(coordinator, bearer(texts.client))
    assert.equal(answer.status, 200, await answer.text())
    // What a node is sent says nothing of who asks.
    const sent = JSON.stringify(node.messages)
    for (const word of [texts.client, '127.0.0.1', 'client']) assert.ok(!sent.includes(word), word)
  }))

Deno.test('the typed client shows a key, also one that it is given later', () =>
  withKeys(ROLES, async ({ url }) => {
    assert.equal((await createClient(url, { key: texts.client }).getPipelines()).length, 1)
    const given: string[] = []
    const client = createClient(url, { key: () => given.at(-1) })
    await assert.rejects(client.getNodes(), { status: 401, reason: 'unauthorized' })
    given.push(texts.admin)
    assert.deepEqual(await client.getNodes(), [])
  }))

Deno.test('without keys this machine may do all, nobody else anything, directly or through a proxy', () =>
  withKeys([], async (coordinator) => {
    const { host } = new URL(coordinator.url)
    for (const path of [...FOR_CLIENTS, ...FOR_ADMINS]) {
      assert.equal((await get(coordinator, path)).status, 200, path)
      // A key that nobody asked for does no harm.
      assert.equal((await get(coordinator, path, bearer('any'))).status, 200, path)
      assert.equal((await get(coordinator, path, { origin: `http://${host}` })).status, 200, path)
      for (
        const headers of [AFAR, { origin: 'http://elsewhere.example' }, { via: '1.1 proxy' }]
      ) {
        const { status, reason } = await get(coordinator, path, headers as Record<string, string>)
        assert.deepEqual([status, reason], [403, 'forbidden'], JSON.stringify(headers))
      }
    }
    for (const path of FOR_ALL) assert.equal((await get(coordinator, path, AFAR)).status, 200, path)
  }))

Deno.test('a foreign name that leads to this machine opens nothing', () =>
  withKeys([], async (coordinator) => {
    const { port } = new URL(coordinator.url)
    const conn = await Deno.connect({ hostname: '127.0.0.1', port: Number(port) })
    const head = `GET /v1/nodes HTTP/1.1\r\nHost: evil.example:${port}\r\nConnection: close\r\n\r\n`
    await conn.write(new TextEncoder().encode(head))
    const answer = await new Response(conn.readable).text()
    assert.match(answer, /^HTTP\/1\.1 403 /)
    assert.match(answer, /forbidden/)
  }))

Deno.test('a role that has no keys stays open to this machine beside one that has', () =>
  withKeys(['node'], async (coordinator) => {
    assert.equal((await get(coordinator, '/v1/nodes')).status, 200)
    assert.equal((await get(coordinator, '/v1/pipelines')).status, 200)
    assert.equal((await get(coordinator, '/v1/pipelines', AFAR)).status, 401)
    const node = await openLink(coordinator)
    node.send({ type: 'hello', protocol: PROTOCOL_VERSION, nodeId: 'one', epoch: 1 })
    assert.equal((await node.closed).code, 4401)
  }))

Deno.test('a role whose last key is taken back lets nobody in without one, this machine neither', () =>
  withKeys(ROLES, async (coordinator, keyring) => {
    keyring.replace([])
    for (const path of [...FOR_CLIENTS, ...FOR_ADMINS]) {
      assert.equal((await get(coordinator, path)).status, 401, path)
      assert.equal((await get(coordinator, path, bearer(texts.admin))).status, 401, path)
    }
    const node = await openLink(coordinator)
    node.send({ type: 'hello', protocol: PROTOCOL_VERSION, nodeId: 'one', epoch: 1 })
    assert.equal((await node.closed).code, 4401)
  }))

Deno.test('a key taken back ends the links that came with it, and no other', () =>
  withKeys(['node', 'admin'], async (coordinator, keyring) => {
    const one = await joinScripted(coordinator, 'one', undefined, { token: texts.node })
    const two = await joinScripted(coordinator, 'two', undefined, { token: texts.admin })
    keyring.replace([keyOf('admin')])
    assert.equal((await one.got('refuse')).reason, 'unauthorized')
    assert.equal((await one.closed).code, 4401)
    assert.equal(two.socket.readyState, WebSocket.OPEN)
    assert.deepEqual(coordinator.pool.nodes().map(({ id }) => id), ['two'])
  }))

Deno.test('nobody takes the place of a node that came with another key', () =>
  withKeys(['node', 'admin'], async (coordinator) => {
    const one = await joinScripted(coordinator, 'one', undefined, { token: texts.node })
    const thief = await openLink(coordinator)
    thief.send({
      ...{ type: 'hello', protocol: PROTOCOL_VERSION, nodeId: 'one', epoch: 9 },
      token: texts.admin,
    })
    // A node takes this code for a loss, and comes again later.
    assert.equal((await thief.closed).code, 1013)
    assert.equal(one.socket.readyState, WebSocket.OPEN)
  }))

Deno.test('a key has its rate, an address its own; the rest are told when to come again', () =>
  withKeys(['client', 'admin'], async (coordinator, keyring) => {
    const limited = async (headers: Record<string, string>, path = '/v1/pipelines') => {
      const { status, reason, headers: told } = await get(coordinator, path, headers)
      if (status !== 429) return false
      assert.equal(reason, 'rate_limited')
      assert.match(told.get('retry-after') ?? '', /^[1-9]\d*$/)
      return true
    }
    const results: boolean[] = []
    for (let i = 0; i < 4; i++) results.push(await limited(bearer(texts.client)))
    assert.deepEqual(results, [false, false, true, true])
    // Another key, and one with a rate of its own.
    assert.equal(await limited(bearer(texts.admin)), false)
    keyring.replace([{ ...keyOf('client'), ratePerS: 0.001 }, keyOf('admin')])
    assert.equal(await limited(bearer(texts.client)), true)
    // Files are for all, but not without end.
    for (let i = 0; i < 3; i++) assert.equal(await limited(AFAR, '/v2'), false)
    assert.equal(await limited(AFAR, '/v2'), true)
    assert.equal(await limited({ 'x-forwarded-for': '203.0.113.10' }, '/v2'), false)
    // Whoever tries keys is stopped, with one that might be guessed also where it is right.
    const short = { name: 'short', role: 'client' as const, sha256: hashOf('fifteen-letters') }
    keyring.replace([keyOf('client'), keyOf('admin'), short])
    for (let i = 0; i < 2; i++) assert.equal(await limited({ ...AFAR, ...bearer('guess') }), false)
    for (let i = 0; i < 3; i++) assert.equal(await limited({ ...AFAR, ...bearer('guess') }), true)
    assert.equal(await limited({ ...AFAR, ...bearer('fifteen-letters') }), true)
    assert.equal(await limited(bearer('fifteen-letters')), false)
    // A right one from there is let through all the same.
    assert.equal(await limited({ ...AFAR, ...bearer(texts.admin) }), false)
  }, {
    key: { perS: 0.001, burst: 2 },
    address: { perS: 0.001, burst: 3 },
    failure: { perS: 0.001, burst: 2 },
  }))

Deno.test('a call counts for its key from wherever it comes, else for its address, else for this machine', async () => {
  const access = createAccess({ now: () => 0, keyring: createKeyring([keyOf('client')]) })
  const app = new Hono()
  app.use(access.guard)
  for (const path of ['/v1/pipelines', '/v2']) {
    app.get(path, (c) => c.json({ holder: leftAddress(c) ?? 'this machine' }))
  }
  const server = Deno.serve({ port: 0, hostname: '127.0.0.1', onListen() {} }, app.fetch)
  try {
    const holderOf = async (path: string, headers: Record<string, string>) => {
      const response = await fetch(`http://127.0.0.1:${server.addr.port}${path}`, { headers })
      return (await response.json()).holder
    }
    const { client } = texts
    assert.equal(await holderOf('/v1/pipelines', bearer(client)), hashOf(client))
    assert.equal(await holderOf('/v1/pipelines', { ...bearer(client), ...AFAR }), hashOf(client))
    assert.equal(await holderOf('/v2', AFAR), '203.0.113.9')
    assert.equal(await holderOf('/v2', {}), 'this machine')
  } finally {
    await server.shutdown()
  }
})

Deno.test('answers that are data run nothing, are kept by nobody, and pages elsewhere get none', () =>
  withKeys([], async (coordinator) => {
    for (const path of [...FOR_CLIENTS, ...FOR_ADMINS, '/nowhere', '/v2/health/live']) {
      const { headers } = await get(coordinator, path)
      assert.equal(
        headers.get('content-security-policy'),
        "default-src 'none'; frame-ancestors 'none'",
      )
      assert.equal(headers.get('x-content-type-options'), 'nosniff')
      assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin')
      assert.equal(headers.get('cache-control'), 'no-store', path)
      assert.equal(headers.get('access-control-allow-origin'), null)
    }
  }))

Deno.test('an application that is allowed may ask from its own origin, for what clients may', () =>
  withCoordinator(
    async (coordinator) => {
      const origin = 'https://app.example'
      const preflight = async (path: string, from = origin) => {
        const response = await fetch(coordinator.url + path, {
          method: 'OPTIONS',
          headers: {
            origin: from,
            'access-control-request-method': 'POST',
            'access-control-request-headers': 'authorization,content-type,x-min-accuracy',
          },
        })
        await response.body?.cancel()
        return response.headers
      }
      const allowed = await preflight('/v1/pipelines/words/infer')
      assert.equal(allowed.get('access-control-allow-origin'), origin)
      assert.match(allowed.get('access-control-allow-headers') ?? '', /authorization/)
      for (
        const headers of [
          await preflight('/v1/pipelines/words/infer', 'https://elsewhere.example'),
          await preflight('/v1/nodes/one/drain'),
        ]
      ) assert.equal(headers.get('access-control-allow-origin'), null)
      const answer = await get(coordinator, '/v1/pipelines', { origin })
      assert.equal(answer.status, 200)
      assert.match(answer.headers.get('access-control-expose-headers') ?? '', /retry-after/)
    },
    undefined,
    { allowOrigins: ['https://app.example'] },
  ))

Deno.test('find() tells keys apart and nothing else; no ring keeps a text', () => {
  const ring = createKeyring(ROLES.map(keyOf))
  for (const role of ROLES) assert.equal(ring.find(texts[role])?.role, role)
  for (const text of ['', texts.node.slice(0, -1), `${texts.node} `, hashOf(texts.node)]) {
    assert.equal(ring.find(text), undefined)
  }
  assert.match(texts.node, /^shoal_node_[\w-]{43}$/)
  const own = createKeyring([{ ...keyOf('node'), own: true }])
  assert.deepEqual([own.has('node'), own.empty, own.find(texts.node)?.role], [false, true, 'node'])
})

Deno.test('groupOf() counts one household of IPv6 as one', () => {
  assert.equal(groupOf('192.0.2.7'), '192.0.2.7')
  assert.equal(groupOf('::ffff:192.0.2.7'), '192.0.2.7')
  assert.equal(groupOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2')
  assert.equal(groupOf('2001:db8::6'), '2001:db8:0:0')
  assert.equal(groupOf('::1'), '0:0:0:0')
})

Deno.test('groupOf() takes no connection of a caller for another, where a proxy tells its port', () => {
  assert.equal(groupOf('192.0.2.7:41234'), '192.0.2.7')
  assert.equal(groupOf('[2001:db8::6]:41234'), '2001:db8:0:0')
  assert.equal(groupOf('[2001:db8::6]'), '2001:db8:0:0')
})

Deno.test('docs/API.md tells of each call whether a key of a client is enough', async () => {
  const page = await Deno.readTextFile(join(ROOT, 'docs', 'API.md'))
  const row = /^\| `client` +\| (.*) \|$/m.exec(page)?.[1] ?? ''
  const told = [...row.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path)
  assert.ok(told.length > 1, row)
  const isTold = (path: string) =>
    told.some((one) => one.endsWith('...') ? path.startsWith(one.slice(0, -3)) : path === one)
  for (const { path } of OPERATIONS) {
    const example = path.replaceAll(/\{\w+\}/g, 'x')
    assert.equal(isTold(path), roleFor(example) === 'client', path)
  }
})
