/** What is taken in is bounded, as it comes. */
import assert from 'node:assert/strict'
import type { JOBS } from '../../../src/coordinator/jobs/params.ts'
import { create, ended, get, pagesOf, send, startJobs, withBounds, withJobs } from './scene.ts'

const ONE = { 'a.pdf': pagesOf(['a']) }

const reasonOf = async (response: Response) => {
  const { reason, error } = await response.json()
  return [response.status, reason, error]
}

Deno.test('files, jobs and the disk hold so much and no more, and what is refused is removed', async () => {
  const dir = await Deno.makeTempDir()
  const coordinator = startJobs({ store: `${dir}/store.sqlite` })
  // Whichever of them comes first.
  const big = { 'big.pdf': 'x'.repeat(700), 'other.pdf': 'x'.repeat(150) }
  const refused = async (bounds: Partial<typeof JOBS>, status: number, says: RegExp) => {
    await withBounds(bounds, async () => {
      const [got, reason, error] = await reasonOf(await send(coordinator, big))
      assert.equal(got, status, error)
      assert.match(`${reason}: ${error}`, says)
    })
    assert.deepEqual([...Deno.readDirSync(`${dir}/store.jobs/tmp`)], [])
  }
  try {
    await refused({ fileBytes: 500 }, 413, /too_large: .*big.pdf: a file has at most 500 bytes/)
    await refused({ jobBytes: 800 }, 413, /too_large: .*its files have at most 800 bytes/)
    await refused({ diskBytes: 900 }, 503, /queue_full: .*675 bytes of jobs .*: delete some/)
    await refused(
      { diskBytes: 1200 },
      429,
      /rate_limited: .*this machine has 675 of 900 bytes of jobs .*: delete some/,
    )
    await refused({ documents: 1 }, 413, /too_large: .*at most 1 files/)
    await refused({ kept: 0 }, 503, /queue_full: .*delete some that have ended/)
    await refused({ active: 0 }, 503, /queue_full/)
    // Nothing is left that would count.
    await withBounds({ diskBytes: 100 }, async () => {
      assert.equal((await send(coordinator, ONE)).status, 202)
    })
  } finally {
    await coordinator.close(1000)
    await Deno.remove(dir, { recursive: true })
  }
})

/** A form that stops in the middle of its file, and whose sender leaves with the signal. */
function stalls({ url }: { url: string }, signal: AbortSignal): Promise<Response> {
  const head = 'content-disposition: form-data; name="f"; filename="a.pdf"'
  const body = new ReadableStream({
    start(form) {
      form.enqueue(new TextEncoder().encode(`--x\r\n${head}\r\n\r\npage`))
      signal.addEventListener('abort', () => form.error(signal.reason))
    },
  })
  const headers = { 'content-type': 'multipart/form-data; boundary=x' }
  return fetch(`${url}/v1/jobs`, { method: 'POST', body, headers, signal })
}

/** Once the first bytes of an upload are there. */
async function untilBegun(dir: string): Promise<void> {
  const names = () => [...Deno.readDirSync(`${dir}/store.jobs/tmp`)]
  const isThere = () =>
    Deno.stat(`${dir}/store.jobs/tmp`).then(() => names().length === 1, () => false)
  while (!await isThere()) await new Promise((done) => setTimeout(done, 5))
}

Deno.test('uploads of one sender leave room for others', () =>
  withBounds({ uploads: 2 }, async () => {
    const dir = await Deno.makeTempDir()
    const coordinator = startJobs({ store: `${dir}/store.sqlite` })
    const leaving = new AbortController()
    const arrives = assert.rejects(stalls(coordinator, leaving.signal))
    try {
      await untilBegun(dir)
      const [status, reason] = await reasonOf(await send(coordinator, ONE))
      assert.deepEqual([status, reason], [429, 'rate_limited'])
    } finally {
      leaving.abort()
      await arrives
      await coordinator.close(1000)
      await Deno.remove(dir, { recursive: true })
    }
  }))

Deno.test('an upload that hardly moves is ended', () =>
  withBounds({ uploadStepMs: 300 }, async () => {
    const coordinator = startJobs()
    const leaving = new AbortController()
    try {
      const [status, reason] = await reasonOf(await stalls(coordinator, leaving.signal))
      assert.deepEqual([status, reason], [504, 'deadline_exceeded'])
    } finally {
      leaving.abort()
      await coordinator.close(1000)
    }
  }))

Deno.test('a document of too many pages has failed; the others are read', () =>
  withBounds({ pages: 3 }, () =>
    withJobs(async (coordinator) => {
      const { id } = await create(coordinator, {
        'long.pdf': pagesOf(Array(4).fill('a')),
        ...ONE,
      })
      const job = await ended(coordinator, id)
      assert.deepEqual(job.documents?.map(({ state, error }) => [state, error?.reason]), [
        ['failed', 'too_large'],
        ['done', undefined],
      ])
    })))

Deno.test('jobs that ended long ago are removed at the next start', async () => {
  const dir = await Deno.makeTempDir()
  const store = `${dir}/store.sqlite`
  try {
    await withJobs(async (coordinator) => {
      const { id } = await create(coordinator, { 'none.pdf': 'none' })
      await ended(coordinator, id)
    }, { store })
    await withJobs(async (coordinator) => {
      const { jobs } = await get<{ jobs: { state: string }[] }>(coordinator, '/v1/jobs')
      assert.deepEqual(jobs.map(({ state }) => state), ['failed'])
    }, { store })
    await withBounds({ keptMs: -1 }, () =>
      withJobs(async (coordinator) => {
        for (;;) {
          const { jobs } = await get<{ jobs: unknown[] }>(coordinator, '/v1/jobs')
          if (jobs.length === 0) break
        }
      }, { store }))
    const kept = [...Deno.readDirSync(`${dir}/store.jobs`)].map(({ name }) => name).sort()
    assert.deepEqual(kept, ['files', 'tmp'])
  } finally {
    await Deno.remove(dir, { recursive: true })
  }
})

Deno.test('an upload whose sender leaves is removed', async () => {
  const dir = await Deno.makeTempDir()
  const coordinator = startJobs({ store: `${dir}/store.sqlite` })
  const tmp = () => [...Deno.readDirSync(`${dir}/store.jobs/tmp`)].length
  try {
    const leaving = new AbortController()
    const asked = stalls(coordinator, leaving.signal)
    await untilBegun(dir)
    leaving.abort()
    await assert.rejects(asked)
    while (tmp() > 0) await new Promise((done) => setTimeout(done, 5))
    await withBounds({ diskBytes: 100 }, async () => {
      assert.equal((await send(coordinator, ONE)).status, 202)
    })
  } finally {
    await coordinator.close(1000)
    await Deno.remove(dir, { recursive: true })
  }
})
