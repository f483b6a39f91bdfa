import assert from 'node:assert/strict'
import { Hono } from 'hono'
import { packable } from '../../src/cli/serve/packed.ts'
import { EMBED_PAGE, EMBED_SCRIPT } from '../../src/coordinator/http/embed.ts'
import { mayLink } from '../../src/coordinator/http/origin.ts'
import { mountPages } from '../../src/coordinator/http/pages.ts'

const app = new Hono()
mountPages(
  app,
  new Map([
    ['/node', { body: '<p>page</p>', type: 'text/html; charset=utf-8' }],
    ['/assets/a.0123.wasm', {
      body: () => new Blob(['bytes']).stream(),
      type: 'application/wasm',
    }],
  ]),
)
const get = (path: string, host = 'pool.test:8787') => app.request(path, { headers: { host } })

Deno.test('pages are isolated and may run nothing but files of this host', async () => {
  for (const path of ['/node', '/assets/a.0123.wasm']) {
    const { status, headers } = await get(path)
    assert.equal(status, 200)
    assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin')
    assert.equal(headers.get('cross-origin-embedder-policy'), 'require-corp')
    assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin')
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(headers.get('referrer-policy'), 'no-referrer')
    const policy = headers.get('content-security-policy') ?? ''
    assert.match(policy, /default-src 'none'; script-src 'self' 'wasm-unsafe-eval'/)
    assert.match(policy, /connect-src 'self' ws:\/\/pool\.test:8787 wss:\/\/pool\.test:8787;/)
    assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|\*/)
  }
})

Deno.test('a host header cannot add to the content policy', async () => {
  const { headers } = await get('/node', `x; script-src 'unsafe-inline'`)
  assert.doesNotMatch(headers.get('content-security-policy') ?? '', /unsafe-inline|ws:/)
})

Deno.test('the join page may be framed by the sites that were named, and no other page by any', async () => {
  const site = 'https://site.example'
  const files = ['/', '/node', EMBED_PAGE, EMBED_SCRIPT]
  const served = (embedders: string[]) => {
    const app = new Hono()
    const asset = { body: 'same', type: 'text/html; charset=utf-8' }
    mountPages(app, new Map(files.map((path) => [path, packable(asset)])), embedders)
    return async (path: string, origin: string) => {
      const { headers } = await app.request(path, { headers: { origin } })
      return {
        framedBy: /frame-ancestors ([^;]*)/.exec(headers.get('content-security-policy')!)?.[1],
        shownIn: headers.get('cross-origin-resource-policy'),
        readBy: headers.get('access-control-allow-origin'),
        vary: headers.get('vary'),
      }
    }
  }
  const shut = {
    ...{ framedBy: `'none'`, shownIn: 'same-origin', readBy: null, vary: 'accept-encoding' },
  }
  const closed = served([])
  for (const path of files) assert.deepEqual(await closed(path, site), shut, path)
  const opened = served([site, 'http://127.0.0.1:8000'])
  for (const path of ['/', '/node']) assert.deepEqual(await opened(path, site), shut, path)
  assert.deepEqual(await opened(EMBED_PAGE, site), {
    ...{ ...shut, framedBy: `'self' ${site} http://127.0.0.1:8000`, shownIn: 'cross-origin' },
  })
  const vary = 'origin, accept-encoding'
  assert.deepEqual(await opened(EMBED_SCRIPT, site), { ...shut, readBy: site, vary })
  for (const other of [`${site}.evil.test`, 'http://site.example', 'null']) {
    assert.deepEqual(await opened(EMBED_SCRIPT, other), { ...shut, vary }, other)
  }
})

Deno.test('what has a hash in its name is kept for ever, what has none is asked for anew', async () => {
  assert.equal((await get('/node')).headers.get('cache-control'), 'no-cache')
  const asset = await get('/assets/a.0123.wasm')
  assert.match(asset.headers.get('cache-control') ?? '', /max-age=31536000, immutable/)
  assert.equal(asset.headers.get('content-type'), 'application/wasm')
  assert.equal(await asset.text(), 'bytes')
  assert.equal((await get('/assets/b.js')).status, 404)
})

Deno.test('scripts, styles and engines travel gzipped to who takes that, and plain to who does not', async () => {
  const app = new Hono()
  const text = 'export const same = 1\n'.repeat(1000)
  let reads = 0
  const read = () => (reads++, new Blob([text]).stream())
  mountPages(
    app,
    new Map([
      ['/assets/a.js', packable({ body: text, type: 'text/javascript; charset=utf-8' })],
      ['/assets/a.wasm', packable({ body: read, type: 'application/wasm' })],
      ['/assets/a.jpg', packable({ body: text, type: 'image/jpeg' })],
    ]),
  )
  const ask = async (path: string, encoding?: string, method = 'GET') => {
    const response = await app.request(path, {
      method,
      headers: encoding === undefined ? {} : { 'accept-encoding': encoding },
    })
    return { headers: response.headers, bytes: await response.bytes() }
  }
  for (const path of ['/assets/a.js', '/assets/a.wasm']) {
    for (const encoding of ['gzip', 'br, gzip;q=0.5', 'gzip, deflate, br, zstd']) {
      const { headers, bytes } = await ask(path, encoding)
      assert.equal(headers.get('content-encoding'), 'gzip', encoding)
      assert.equal(headers.get('vary'), 'accept-encoding')
      assert.ok(bytes.length < text.length / 10)
      const whole = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))
      assert.equal(await new Response(whole).text(), text)
    }
    for (const encoding of [undefined, 'br', 'gzip;q=0', 'identity, gzip;q=0.5']) {
      const { headers, bytes } = await ask(path, encoding)
      assert.equal(headers.get('content-encoding'), null, `${encoding}`)
      assert.equal(headers.get('vary'), 'accept-encoding')
      assert.equal(new TextDecoder().decode(bytes), text)
    }
    const { headers, bytes } = await ask(path, 'gzip', 'HEAD')
    assert.deepEqual([headers.get('content-encoding'), bytes.length], ['gzip', 0])
  }
  assert.equal(reads, 1 + 4, 'gzipped once for all, read anew for each who takes it plain')
  const { headers } = await ask('/assets/a.jpg', 'gzip')
  assert.deepEqual([headers.get('content-encoding'), headers.get('vary')], [null, null])
})

Deno.test('mayLink() lets in pages of hosts that are ours, and of no other', () => {
  const hosts = ['192.168.1.7', '[2001:db8::5]', 'pool.test']
  const may = (host: string, origin = `http://${host}`) => mayLink(origin, host, hosts)
  for (const host of ['localhost:1', '127.0.0.1:1', '[::1]:1', ...hosts.map((h) => `${h}:1`)]) {
    assert.ok(may(host), host)
  }
  assert.ok(!may('evil.test:1'), 'a foreign name that leads here')
  assert.ok(!may('pool.test:1', 'http://evil.test:1'))
  assert.ok(!may('pool.test:1', 'http://pool.test:2'))
})
