/** What one key takes leaves room for others, and what was answered is kept. */
import assert from 'node:assert/strict'
import { createKeyring, hashOf, type Role } from '../../../src/coordinator/core/keys.ts'
import { joinScripted } from '../fixture.ts'
import { echoes, line, scribe } from './batch_scene.ts'
import { documents, pagesOf, startJobs, withBounds } from './scene.ts'

const KEYS = { greedy: 'client', other: 'client', admin: 'admin' } satisfies Record<string, Role>
type Who = keyof typeof KEYS
const textOf = (who: Who) => `a-key-that-nobody-guesses-${who}`
const keyring = () =>
  createKeyring(
    Object.entries(KEYS).map(([name, role]) => (
      { name, role, sha256: hashOf(textOf(name as Who)) }
    )),
  )

type Call = (who: Who, path: string, body?: BodyInit) => Promise<Response>

async function withKeys(
  store: string,
  test: (call: Call, coordinator: ReturnType<typeof startJobs>) => Promise<void>,
) {
  const pipelines = [documents, scribe].map((pipeline) => ({ dir: '', pipeline, models: {} }))
  const coordinator = startJobs({ keyring: keyring(), store, pipelines })
  const call: Call = (who, path, body) =>
    fetch(`${coordinator.url}${path}`, {
      ...body === undefined ? {} : { method: 'POST', body },
      headers: {
        authorization: `Bearer ${textOf(who)}`,
        ...typeof body === 'string' ? { 'content-type': 'application/json' } : {},
      },
    })
  try {
    await test(call, coordinator)
  } finally {
    await coordinator.close(1000)
  }
}

async function withStore(test: (store: string) => Promise<void>) {
  const dir = await Deno.makeTempDir()
  try {
    await test(`${dir}/store.sqlite`)
  } finally {
    await Deno.remove(dir, { recursive: true })
  }
}

function fileOf(content: string, purpose = 'batch'): FormData {
  const form = new FormData()
  form.append('purpose', purpose)
  form.append('file', new Blob([content]), 'a.jsonl')
  return form
}

const job = () => {
  const form = new FormData()
  form.append('files', new Blob([pagesOf(['a'])]), 'a.pdf')
  return form
}

/** Calls until one is refused. @returns how many were not, and why that one was */
async function untilRefused(call: () => Promise<Response>) {
  for (let taken = 0;; taken++) {
    const response = await call()
    if (response.ok) {
      // A stream is listened to from now on.
      if (!/event-stream/.test(response.headers.get('content-type')!)) await response.body?.cancel()
      continue
    }
    const { error, reason } = await response.json()
    const { code = reason, message = error } = typeof error === 'object' ? error : {}
    return { taken, status: response.status, code, message: String(message) }
  }
}

Deno.test('one key has a quarter of files, jobs and listeners; others get in beside it', () =>
  withStore((store) =>
    withBounds({ files: 16, active: 8, listeners: 8 }, () =>
      withKeys(store, async (call) => {
        const others: [path: string, body?: () => BodyInit][] = [
          ['/v1/files', () => fileOf('x')],
          ['/v1/jobs', job],
        ]
        for (const [path, body] of others) {
          const { taken, status, code, message } = await untilRefused(() =>
            call('greedy', path, body!())
          )
          assert.deepEqual([taken, status, code], [
            path === '/v1/files' ? 4 : 2,
            429,
            'rate_limited',
          ])
          assert.match(message, /too many of yours: one key or address has \d of (16 files|8 jobs)/)
          const other = await call('other', path, body!())
          assert.ok(other.ok, await other.text())
        }
        const idOf = async (who: Who) => (await (await call(who, '/v1/jobs')).json()).jobs[0].id
        const [own, another] = [await idOf('greedy'), await idOf('other')]
        const events = await untilRefused(() => call('greedy', `/v1/jobs/${own}/events`))
        assert.deepEqual([events.taken, events.status], [2, 429])
        const heard = await call('other', `/v1/jobs/${another}/events`)
        assert.equal(heard.status, 200)
        await heard.body!.cancel()
        const pool = await untilRefused(() => call('admin', '/v1/events'))
        assert.deepEqual([pool.taken, pool.status], [16, 429])
        assert.match(pool.message, /16 of 64 listeners/)
      }))
  ))

Deno.test('a file that a job names many times is on the disk once, and counts each time', () =>
  withStore((store) =>
    withBounds({ diskBytes: 16_000 }, () =>
      withKeys(store, async (call) => {
        const { id } = await (await call('greedy', '/v1/files', fileOf('x'.repeat(1000)))).json()
        const naming = (times: number) =>
          call('greedy', '/v1/jobs', JSON.stringify({ inputs: Array(times).fill({ file: id }) }))
        const refused = await naming(10)
        assert.equal(refused.status, 429)
        assert.match((await refused.json()).error, /3000 of 12000 bytes of jobs and files/)
        const { id: made } = await (await naming(2)).json()
        const dir = store.replace('.sqlite', '.jobs')
        const places = [`files/${id}`, `${made}/in/0`, `${made}/in/1`]
        const inodes = places.map((place) => Deno.statSync(`${dir}/${place}`).ino)
        assert.equal(new Set(inodes).size, 1)
        assert.equal((await naming(1)).status, 429)
        const other = await call('other', '/v1/files', fileOf('x'.repeat(1000)))
        assert.equal(other.status, 200, await other.text())
      }))
  ))

Deno.test('a batch is completed whatever others, and its own key, take meanwhile, over a restart too', () =>
  withStore((store) =>
    withBounds({ files: 16, diskBytes: 32_000, answerBytes: 1000 }, async () => {
      const lines = [line('a', 'one'), line('b', ''), line('c', 'two')].join('\n')
      let batch = ''
      await withKeys(store, async (call) => {
        const file = await (await call('other', '/v1/files', fileOf(lines))).json()
        const asked = { input_file_id: file.id, endpoint: '/v1/completions' }
        const body = JSON.stringify({ ...asked, completion_window: '24h' })
        batch = (await (await call('other', '/v1/batches', body)).json()).id
        for (const who of ['greedy', 'other'] as const) {
          const { code } = await untilRefused(() =>
            call(who, '/v1/files', fileOf('x'.repeat(1200)))
          )
          assert.equal(code, 'rate_limited')
          const files = await untilRefused(() => call(who, '/v1/files', fileOf('x')))
          assert.equal(files.code, 'rate_limited')
        }
      })
      await withKeys(store, async (call, coordinator) => {
        for (const who of ['greedy', 'other'] as const) {
          assert.equal((await untilRefused(() => call(who, '/v1/files', fileOf('x')))).taken, 0)
        }
        await joinScripted(coordinator, 'one', echoes)
        const status = async () => await (await call('other', `/v1/batches/${batch}`)).json()
        while (!['completed', 'failed'].includes((await status()).status)) {
          await new Promise((done) => setTimeout(done, 10))
        }
        const { request_counts, output_file_id, error_file_id, errors } = await status()
        assert.equal(errors, null)
        assert.deepEqual(request_counts, { total: 3, completed: 2, failed: 1 })
        const content = async (id: string) =>
          (await (await call('other', `/v1/files/${id}/content`)).text()).trim().split('\n')
        assert.equal((await content(output_file_id)).length, 2)
        assert.equal((await content(error_file_id)).length, 1)
      })
    })
  ))
