import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { buildAssets } from '../../src/cli/serve/build_assets.ts'
import { startCoordinator } from '../../src/cli/serve/coordinator.ts'
import { selfCertificate } from '../../src/cli/serve/self_certificate.ts'
import { readTls } from '../../src/cli/serve/tls.ts'

Deno.test('selfCertificate() is for the hosts it was asked for, and for a year', async () => {
  const now = new Date('2026-03-01T12:00:00Z')
  const hosts = ['localhost', '192.168.1.7', '[2001:db8::5]', '::1', 'pool.test']
  const { cert, key } = await selfCertificate(hosts, now)
  const read = new X509Certificate(cert)
  for (const name of ['localhost', 'pool.test']) assert.equal(read.checkHost(name), name)
  assert.equal(read.checkHost('other.test'), undefined)
  for (const address of ['192.168.1.7', '2001:db8::5', '::1']) {
    assert.equal(read.checkIP(address), address)
  }
  assert.ok(read.verify(read.publicKey))
  assert.equal(read.ca, false)
  assert.match(key, /^-----BEGIN PRIVATE KEY-----/)
  assert.equal(read.validFromDate.toISOString(), '2026-02-28T12:00:00.000Z')
  assert.ok(read.validToDate.getTime() > now.getTime() + 365 * 24 * 60 * 60 * 1000)
})

Deno.test('a coordinator with a certificate serves https outside and http to its own machine', async () => {
  const tls = await selfCertificate(['localhost', '127.0.0.1'], new Date())
  const coordinator = startCoordinator({ pipelines: [], port: 0, tls })
  const client = Deno.createHttpClient({ caCerts: [tls.cert] })
  try {
    assert.match(coordinator.url, /^https:/)
    assert.match(coordinator.localUrl, /^http:\/\/127\.0\.0\.1:/)
    for (const url of [coordinator.url, coordinator.localUrl]) {
      const response = await fetch(`${url}/v2/health/live`, { client })
      assert.deepEqual(await response.json(), { live: true })
    }
  } finally {
    client.close()
    await coordinator.close(1000)
  }
})

Deno.test("readTls() takes files of one's own, and says what is wrong with them", async () => {
  const dir = await Deno.makeTempDir()
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')]
  const made = await selfCertificate(['pool.test'], new Date())
  await Deno.writeTextFile(cert, made.cert)
  await Deno.writeTextFile(key, made.key)
  const read = await readTls({ tls: 'off', cert, key }, [])
  assert.deepEqual([read?.cert, read?.key, read?.self], [made.cert, made.key, false])
  assert.match(read?.fingerprint ?? '', /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
  assert.equal(await readTls({ tls: 'off' }, []), undefined)
  await assert.rejects(readTls({ tls: 'on' }, []), /Cannot use --tls: .*received on/)
  await assert.rejects(readTls({ tls: 'off', cert }, []), /each needs the other/)
  await assert.rejects(readTls({ tls: 'off', cert: key, key }, []), /holds no PEM certificate/)
  await assert.rejects(readTls({ tls: 'off', cert: '/nowhere', key }, []), /cannot be read/)
  await assert.rejects(
    readTls({ tls: 'off', cert, key: cert }, []),
    /cert\.pem: it holds no PEM key/,
  )
  await Deno.writeTextFile(key, (await selfCertificate(['pool.test'], new Date())).key)
  await assert.rejects(readTls({ tls: 'off', cert, key }, []), /key\.pem: it is the key of another/)
  await Deno.remove(dir, { recursive: true })
})

Deno.test('readTls() gives all that start at once in one folder the same certificate', async () => {
  const dir = await Deno.makeTempDir()
  for (const hosts of [['one.test'], ['two.test']]) {
    const all = await Promise.all(
      Array.from({ length: 4 }, () => readTls({ tls: 'self' }, hosts, dir)),
    )
    const prints = new Set(all.map((tls) => tls?.fingerprint))
    assert.equal(prints.size, 1)
    const copied = new X509Certificate(await Deno.readTextFile(join(dir, 'self.pem')))
    assert.ok(prints.has(copied.fingerprint256))
  }
  await Deno.remove(dir, { recursive: true })
})

// What the bundler leaves of its process ends a moment later.
Deno.test('buildAssets() writes content hashes into names, and nothing inline into pages', {
  sanitizeOps: false,
}, async () => {
  const assets = await buildAssets()
  const html = assets.get('/node')!.body as string
  assert.doesNotMatch(html, /<style|style=|\son\w+=|<script(?![^>]* src=)/)
  const named = [...html.matchAll(/(?:href|src)="(\/[^"]+)"/g)].map((match) => match[1]!)
  assert.equal(named.length, 4)
  for (const path of named) assert.ok(assets.has(path), path)
  const other = await buildAssets({ stamp: 'another' })
  const build = (files: typeof assets) => JSON.parse(files.get('/node/build.json')!.body as string)
  assert.deepEqual(build(await buildAssets()), build(assets))
  assert.notDeepEqual(build(other), build(assets))
  const unchanged = [...assets.keys()].filter((path) => /\/(ort|mozjpeg|style)/.test(path))
  assert.ok(unchanged.length > 6 && unchanged.every((path) => other.has(path)))
})
