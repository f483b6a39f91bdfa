/** Calls that tell of the end of a job. */
import assert from 'node:assert/strict'
import { Webhook } from 'standardwebhooks'
import { createClient } from '../../../src/client/mod.ts'
import { createKeyring, hashOf } from '../../../src/coordinator/core/keys.ts'
import { get, pagesOf, send, startJobs, withJobs } from './scene.ts'

interface Call {
  headers: Record<string, string>
  body: string
}

/** Somebody who is told; answers with these statuses, the last of them from then on. */
function listen(statuses: number[]) {
  const calls: Call[] = []
  const all = Promise.withResolvers<void>()
  const server = Deno.serve({ port: 0, hostname: '127.0.0.1', onListen() {} }, async (request) => {
    const status = statuses[calls.length] ?? 200
    calls.push({ headers: Object.fromEntries(request.headers), body: await request.text() })
    if (calls.length >= statuses.length) all.resolve()
    const headers = status === 302 ? { location: '/elsewhere' } : {}
    return new Response(null, { status, headers })
  })
  const url = `http://127.0.0.1:${server.addr.port}/done`
  return { url, calls, all: all.promise, end: () => server.shutdown() }
}

async function delivered(coordinator: Parameters<typeof get>[0], id: string): Promise<string> {
  for (;;) {
    const { webhook } = await get(coordinator, `/v1/jobs/${id}`)
    if (webhook?.state !== 'waiting') return webhook!.state
    await new Promise((done) => setTimeout(done, 5))
  }
}

const quick = { jobs: { webhookWaitsMs: [1, 1, 1] } }

Deno.test('the end of a job is told, signed, until it is heard', () =>
  withJobs(async (coordinator) => {
    const there = listen([500, 302, 204])
    try {
      const shoal = createClient(coordinator.url)
      const files = [{ name: 'a.pdf', data: pagesOf(['a']) }]
      const { id, webhook } = await shoal.jobs.create(files, { webhook: there.url })
      assert.match(webhook!.secret!, /^whsec_/)
      assert.equal((await shoal.jobs.get(id)).webhook?.secret, undefined, 'told once')
      await there.all
      assert.equal(await delivered(coordinator, id), 'delivered')
      assert.equal(there.calls.length, 3)
      const verifier = new Webhook(webhook!.secret!)
      for (const { headers, body } of there.calls) {
        const said = verifier.verify(body, headers) as { type: string; data: { id: string } }
        assert.deepEqual([said.type, said.data.id], ['job.done', id])
        assert.equal(headers['webhook-id'], there.calls[0]!.headers['webhook-id'])
      }
      const other = new Webhook(`whsec_${btoa('another secret of this length')}`)
      assert.throws(() => other.verify(there.calls[0]!.body, there.calls[0]!.headers))
    } finally {
      await there.end()
    }
  }, quick))

Deno.test('a webhook that nobody hears is given up; a secret may be given', () =>
  withJobs(async (coordinator) => {
    const there = listen([500])
    try {
      const secret = `whsec_${btoa('a secret of thirty two characters')}`
      const webhook = JSON.stringify({ url: there.url, secret })
      const response = await send(coordinator, { 'a.pdf': pagesOf(['a']) }, { webhook })
      const { id, webhook: told } = await response.json()
      assert.equal(told.secret, undefined)
      assert.equal(await delivered(coordinator, id), 'delivered')
      const { body, headers } = there.calls.at(-1)!
      new Webhook(secret).verify(body, headers)
    } finally {
      await there.end()
    }
    // Nobody listens there any more.
    const response = await send(coordinator, { 'a.pdf': pagesOf(['a']) }, { webhook: there.url })
    const { id } = await response.json()
    assert.equal(await delivered(coordinator, id), 'failed')
  }, quick))

Deno.test('whoever is elsewhere cannot have this machine or its network called, unless that is allowed', async () => {
  const key = 'a-key-of-a-client-elsewhere'
  const keyring = createKeyring([{ name: 'a', role: 'client', sha256: hashOf(key) }])
  // As a proxy tells of somebody elsewhere.
  const headers = { authorization: `Bearer ${key}`, 'x-forwarded-for': '198.51.100.7' }
  const near = [
    ...['http://127.0.0.1:1/', 'http://localhost:1/', 'http://[::1]:1/', 'http://10.0.0.1/'],
    ...['http://169.254.169.254/latest', 'http://0x7f.1/', 'http://[::ffff:127.0.0.1]/'],
  ]
  for (const nearWebhooks of [false, true]) {
    const coordinator = startJobs({ keyring, nearWebhooks })
    try {
      for (const webhook of nearWebhooks ? near.slice(0, 1) : near) {
        const files = { 'a.pdf': pagesOf(['a']) }
        const response = await send(coordinator, files, { webhook }, headers)
        const { error = '' } = await response.json()
        assert.equal(response.status, nearWebhooks ? 202 : 400, `${webhook} ${error}`)
        if (!nearWebhooks) assert.match(error, /private network or on this machine/)
      }
    } finally {
      await coordinator.close(1000)
    }
  }
})
