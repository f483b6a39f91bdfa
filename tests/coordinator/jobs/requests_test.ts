/** What `POST /v1/jobs` takes, and what it says of what it does not. */
import assert from 'node:assert/strict'
import { createClient } from '../../../src/client/mod.ts'
import { readDueTime } from '../../../src/coordinator/jobs/due_time.ts'
import { cleanName } from '../../../src/coordinator/apis/jobs/upload.ts'
import { isNear, readWebhookUrl } from '../../../src/coordinator/jobs/address.ts'
import { createKeyring, hashOf } from '../../../src/coordinator/core/keys.ts'
import { ended, get, pagesOf, send, startJobs, withJobs } from './scene.ts'

const ONE = { 'a.pdf': pagesOf(['a']) }

Deno.test('what a job cannot be made of is refused with what to do, and leaves nothing behind', async () => {
  const dir = await Deno.makeTempDir()
  const coordinator = startJobs({ store: `${dir}/store.sqlite` })
  try {
    const refused = async (
      files: Parameters<typeof send>[1],
      fields: Record<string, string>,
      status: number,
      says: RegExp,
    ) => {
      const response = await send(coordinator, files, fields)
      const { error } = await response.json()
      assert.equal(response.status, status, error)
      assert.match(error, says)
    }
    await refused({}, {}, 400, /has no files/)
    await refused(ONE, { pipeline: 'nothing' }, 404, /Cannot find pipeline nothing/)
    await refused(ONE, { by: 'tomorrow' }, 400, /Cannot use by: must be as .* received tomorrow/)
    await refused(ONE, { by: '2020-01-01T00:00:00Z' }, 400, /has passed/)
    await refused(ONE, { by: '25:00' }, 400, /Cannot use by/)
    await refused(ONE, { by: '07:00', deadlineMs: '1000' }, 400, /not both/)
    await refused(ONE, { deadlineMs: '-1' }, 400, /deadlineMs/)
    await refused(ONE, { output: 'text,docx' }, 400, /output/)
    await refused(ONE, { colour: 'red' }, 400, /fields are pipeline, by/)
    await refused(ONE, { webhook: 'ftp://app.example/' }, 400, /Cannot use webhook/)
    await refused(ONE, { webhook: '{"url":' }, 400, /Cannot use webhook/)
    const secret = JSON.stringify({ url: 'http://127.0.0.1/', secret: 'short' })
    await refused(ONE, { webhook: secret }, 400, /whsec_/)

    const post = (type: string, body: string) =>
      fetch(`${coordinator.url}/v1/jobs`, {
        ...{ method: 'POST', body, headers: { 'content-type': type } },
      })
    const bodies: [string, string, number][] = [
      ['text/plain', 'a', 415],
      ['application/json', '{', 400],
      ['application/json', '{"inputs":[]}', 400],
      ['application/json', '{"inputs":[{"name":"a"}]}', 400],
      ['application/json', '{"inputs":[{"data":"%%"}]}', 400],
      ['application/json', '{"inputs":[{"file":"file-none"}]}', 404],
      ['multipart/form-data', 'a', 400],
      ['multipart/form-data; boundary=x', '--x\r\nnothing', 400],
      ['multipart/form-data; boundary=x', '', 400],
    ]
    for (const [type, body, status] of bodies) {
      const response = await post(type, body)
      assert.equal(response.status, status, `${type} ${body}: ${await response.text()}`)
    }
    assert.deepEqual(await get(coordinator, '/v1/jobs'), { jobs: [] })
    const kept = [...Deno.readDirSync(`${dir}/store.jobs`)].map(({ name }) => name).sort()
    assert.deepEqual(kept, ['files', 'tmp'])
    assert.deepEqual([...Deno.readDirSync(`${dir}/store.jobs/tmp`)], [])
  } finally {
    await coordinator.close(1000)
    await Deno.remove(dir, { recursive: true })
  }
})

Deno.test('a job in JSON has its inputs as base64, as text, and as files that were uploaded', () =>
  withJobs(async (coordinator) => {
    const form = new FormData()
    form.append('purpose', 'user_data')
    form.append('file', new Blob([pagesOf(['up', 'loaded'])]), 'up.pdf')
    const uploaded = await fetch(`${coordinator.url}/v1/files`, { method: 'POST', body: form })
    const { id } = await uploaded.json()
    const inputs = [
      { name: 'a.pdf', data: btoa(pagesOf(['a'])) },
      { text: pagesOf(['b']) },
      { file: id },
    ]
    const response = await fetch(`${coordinator.url}/v1/jobs`, {
      method: 'POST',
      body: JSON.stringify({ inputs, deadlineMs: 60_000, output: ['text'] }),
      headers: { 'content-type': 'application/json' },
    })
    assert.equal(response.status, 202)
    const made = await response.json()
    assert.equal(response.headers.get('location'), `/v1/jobs/${made.id}`)
    const job = await ended(coordinator, made.id)
    assert.deepEqual(job.documents?.map(({ name, pages }) => [name, pages.done]), [
      ['a.pdf', 1],
      ['document-2', 1],
      ['up.pdf', 2],
    ])
    assert.equal(Date.parse(job.by!) - Date.parse(job.createdAt) <= 60_000, true)
  }))

Deno.test('a job that cannot be done by then says so at once', () =>
  withJobs(async (coordinator) => {
    const shoal = createClient(coordinator.url)
    const [slow, quick] = [{ name: 'a.pdf', data: pagesOf(Array(500).fill('a')) }, 3600_000]
    const late = await shoal.jobs.create([slow], { deadlineMs: 1 })
    assert.equal(late.inTime, false)
    await shoal.jobs.remove(late.id)
    const easy = await shoal.jobs.create([slow], { deadlineMs: quick })
    for await (const { event, data } of shoal.jobs.events(easy.id)) {
      if (event === 'job' && data.inTime !== null) {
        assert.equal(data.inTime, true)
        assert.ok(Date.parse(data.estimateAt!) < Date.parse(data.by!))
        break
      }
    }
    await shoal.jobs.remove(easy.id)
  }))

Deno.test('a job belongs to the key that made it; an admin sees all', async () => {
  const keys = (['client', 'client', 'admin'] as const).map((role, i) => ({
    ...{ name: `${role}${i}`, role, sha256: hashOf(`a key of ${role} ${i}`.replaceAll(' ', '-')) },
  }))
  const coordinator = startJobs({ keyring: createKeyring(keys) })
  try {
    const [one, two, admin] = ['client-0', 'client-1', 'admin-2'].map((who) =>
      createClient(coordinator.url, { key: `a-key-of-${who}` })
    )
    const { id } = await one!.jobs.create([{ name: 'a.pdf', data: pagesOf(['a']) }])
    assert.equal((await one!.jobs.get(id)).id, id)
    assert.equal((await admin!.jobs.get(id)).id, id)
    assert.deepEqual(await two!.jobs.list(), [])
    for (const call of [two!.jobs.get(id), two!.jobs.remove(id), two!.jobs.zip(id)]) {
      await assert.rejects(call, { reason: 'not_found' })
    }
    await assert.rejects(createClient(coordinator.url).jobs.list(), { reason: 'unauthorized' })
  } finally {
    await coordinator.close(1000)
  }
})

Deno.test('a time of day is the next one; an instant is itself', () => {
  const noon = new Date(2026, 5, 1, 12, 0, 0).getTime()
  assert.equal(readDueTime('13:30', undefined, noon), new Date(2026, 5, 1, 13, 30).getTime())
  assert.equal(readDueTime('7:00', undefined, noon), new Date(2026, 5, 2, 7, 0).getTime())
  assert.equal(readDueTime('12:00', undefined, noon), new Date(2026, 5, 2, 12, 0).getTime())
  const instant = new Date(noon + 1000).toISOString()
  assert.equal(readDueTime(instant, undefined, noon), noon + 1000)
  assert.equal(readDueTime(undefined, 5000, noon), noon + 5000)
  assert.equal(readDueTime(undefined, undefined, noon), null)
})

Deno.test('names of files stay below where they are unpacked', () => {
  const names = ['../../etc/passwd', 'C:\\scans\\a.pdf', '/a/./b.pdf', '', '..', 'a\u0000b"c']
  assert.deepEqual(names.map(cleanName), [
    ...['etc/passwd', 'C/scans/a.pdf', 'a/b.pdf', 'document', 'document', 'abc'],
  ])
})

Deno.test('addresses of this machine and of private networks are told from public ones', () => {
  const near = [
    ...['127.0.0.1', '10.1.2.3', '192.168.0.1', '172.20.0.1', '169.254.169.254', '0.0.0.0'],
    ...['192.88.99.1', '192.31.196.1', '198.19.255.255', '224.0.0.1', '255.255.255.255'],
    ...['::1', '::', 'fe80::1', 'fd00::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '100.64.0.1'],
    ...['64:ff9b::7f00:1', '64:ff9b:1::a00:1', '::ffff:0:10.0.0.1', '::ffff:0:a00:1', '::7f00:1'],
    ...['100::1', '100:0:0:1::1', '3fff::1', '3fff:fff::1', '5f00::1', '2002:7f00:1::', 'fec0::1'],
    ...['2001::1', '2001:db8::1', '2620:4f:8000::1', '4000::1', 'ff02::1', 'fe80::1%eth0', 'none'],
  ]
  for (const address of near) assert.ok(isNear(address), address)
  const far = [
    ...['1.1.1.1', '93.184.216.34', '192.88.98.1', '2606:4700:4700::1111', '::ffff:8.8.8.8'],
    ...['2001:4860:4860::8888', '2001:200::1', '3fff:1000::1', '2a00::1'],
  ]
  for (const address of far) assert.ok(!isNear(address), address)
})

Deno.test('names of this machine are told however they are spelt, also where nothing finds them', async () => {
  const names = [
    'localhost',
    'localhost.',
    'LocalHost..',
    'localhost%2e',
    'localhost\u3002',
    'a.localhost.',
  ]
  for (const name of [...names, '127.0.0.1.', '0x7f.1.', '2130706433.']) {
    await assert.rejects(readWebhookUrl(`http://${name}/`, false), /on this machine/, name)
  }
  assert.equal(await readWebhookUrl('http://localhost./', true), 'http://localhost./')
})
