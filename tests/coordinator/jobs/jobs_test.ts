/** What becomes of the documents of a job. */
import assert from 'node:assert/strict'
import { createClient } from '../../../src/client/mod.ts'
import type { Scheduler } from '../../../src/policy/core/types.ts'
import { joinScripted, PIXEL_PNG, untilReady } from '../fixture.ts'
import { create, ended, get, numbered, pagesOf, reads, send, startJobs, withJobs } from './scene.ts'

interface Written {
  name: string
  pages: { index: number; blocks: { lines: { text: string }[] }[] }[]
}
const wordsOf = ({ pages }: Written) => pages.map(({ blocks }) => blocks[0]!.lines[0]!.text)

Deno.test('a job reads all pages of its documents, a few at a time, and writes what was asked for', () =>
  withJobs(async (coordinator, node) => {
    const made = await create(coordinator, {
      'a/long.pdf': pagesOf(numbered(10)),
      'picture.png': new Uint8Array(PIXEL_PNG),
    }, { output: 'text,json' })
    assert.deepEqual([made.by, made.inTime], [null, null])
    const job = await ended(coordinator, made.id)
    assert.equal(job.state, 'done')
    assert.deepEqual(job.pages, { done: 11, total: 11, failed: 0 })
    assert.deepEqual(job.documents?.map(({ name, state, pages }) => [name, state, pages.done]), [
      ['a/long.pdf', 'done', 10],
      ['picture.png', 'done', 1],
    ])
    const text = await get<Written>(coordinator, job.documents![0]!.outputs.text!)
    assert.equal(text.name, 'a/long.pdf')
    assert.deepEqual(text.pages.map(({ index }) => index), numbered(10).map((_, i) => i))
    assert.deepEqual(wordsOf(text), numbered(10))
    const parts = node.batches.filter(({ message }) => message.task === 'open')
      .flatMap(({ message }) => message.items)
    assert.equal(parts.length, 4, 'three parts of at most four pages, and a picture')
  }))

Deno.test('a bad page is counted with its reason; its neighbours and the document are not lost', () =>
  withJobs(async (coordinator) => {
    const words = ['one', 'two', 'bad', 'four', 'five', 'broken']
    const { id } = await create(coordinator, { 'scan.pdf': pagesOf(words) })
    const job = await ended(coordinator, id)
    assert.equal(job.state, 'done')
    assert.deepEqual(job.pages, { done: 4, total: 6, failed: 2 })
    const written = await get<Written>(coordinator, `/v1/jobs/${id}/results/0.json`)
    assert.deepEqual(wordsOf(written), ['one', 'two', 'four', 'five'])
    const [result] = await createClient(coordinator.url).jobs.results(id)
    assert.deepEqual(result?.failedPages.map(({ index, reason }) => [index, reason]), [
      [2, 'invalid_input'],
      [5, 'node_failed'],
    ])
    assert.match(result!.failedPages[0]!.message, /a bad page/)
  }))

Deno.test('documents that cannot be opened have a reason each, and the others are read', () =>
  withJobs(async (coordinator) => {
    const { id } = await create(coordinator, {
      'empty.pdf': '',
      'locked.pdf': 'locked',
      'notes.docx': 'none',
      'deadly.pdf': 'deadly',
      'good.pdf': pagesOf(['good']),
    })
    const job = await ended(coordinator, id)
    assert.equal(job.state, 'done')
    assert.deepEqual(job.documents?.map(({ state, error }) => [state, error?.reason]), [
      ['failed', 'invalid_input'],
      ['failed', 'encrypted'],
      ['failed', 'unsupported_type'],
      ['failed', 'internal'],
      ['done', undefined],
    ])
    assert.match(job.documents![3]!.error!.message, /^Cannot read the document: .*out of memory/)
    assert.deepEqual(job.pages, { done: 1, total: 1, failed: 0 })
  }))

Deno.test('a job of which nothing can be read has failed; an output that cannot be written is told of', () =>
  withJobs(async (coordinator) => {
    const bad = await create(coordinator, { 'bad.pdf': pagesOf(['bad']), 'none.txt': 'none' })
    const job = await ended(coordinator, bad.id)
    assert.equal(job.state, 'failed')
    assert.equal(job.documents![0]!.error?.reason, 'invalid_input')
    const half = await create(coordinator, { 'a.pdf': pagesOf(['a']) }, { output: 'alto,text' })
    const [document] = (await ended(coordinator, half.id)).documents!
    assert.equal(document!.state, 'done')
    assert.deepEqual(Object.keys(document!.outputs), ['text'])
    assert.match(document!.error!.message, /^alto: Cannot write it/)
  }))

Deno.test('a page whose node fails is asked again', () => {
  let left = 2
  const flaky = reads((word) => word === 'flaky' && left-- > 0 ? 'broken' : undefined)
  return withJobs(
    async (coordinator) => {
      const { id } = await create(coordinator, { 'a.pdf': pagesOf(['flaky']) })
      assert.deepEqual((await ended(coordinator, id)).pages, { done: 1, total: 1, failed: 0 })
    },
    {},
    flaky,
  )
})

Deno.test('a job waits for a node, and says so', async () => {
  const coordinator = startJobs()
  try {
    const { id } = await create(coordinator, { 'a.pdf': pagesOf(numbered(3)) })
    const events = createClient(coordinator.url).jobs.events(id)
    for await (const { event, data } of events) {
      if (event !== 'job' || data.waiting === null) continue
      assert.match(data.waiting, /no node/i)
      break
    }
    await joinScripted(coordinator, 'one', reads())
    await untilReady(coordinator)
    const job = await ended(coordinator, id)
    assert.deepEqual([job.state, job.waiting, job.pages.done], ['done', null, 3])
  } finally {
    await coordinator.close(1000)
  }
})

Deno.test('a job that waited says so no longer once it is asked, however long that takes', async () => {
  const coordinator = startJobs()
  try {
    const { id } = await create(coordinator, { 'a.pdf': pagesOf(numbered(3)) })
    const events = createClient(coordinator.url).jobs.events(id)
    const until = async (waits: boolean) => {
      for (;;) {
        const { value } = await events.next()
        if (value?.event === 'job' && (value.data.waiting !== null) === waits) return value.data
      }
    }
    await until(true)
    await joinScripted(coordinator, 'silent', () => undefined)
    const { state, pages } = await until(false)
    assert.deepEqual([state, pages.done], ['running', 0])
    await events.return(undefined)
  } finally {
    await coordinator.close(1)
  }
})

Deno.test('metrics tell of jobs that go on, and of their pages', () => {
  const asked = Promise.withResolvers<void>()
  const behave = reads()
  return withJobs(
    async (coordinator) => {
      const scraped = async () => {
        const text = await (await fetch(`${coordinator.url}/metrics`)).text()
        const values = text.matchAll(/^(shoal_job\S+) (\d+)$/gm)
        return Object.fromEntries([...values].map(([, name, value]) => [name, Number(value)]))
      }
      assert.deepEqual(await scraped(), {})
      const read = await create(coordinator, { 'a.pdf': pagesOf(['a', 'bad', 'c']) })
      await ended(coordinator, read.id)
      const by = new Date(Date.now() + 3_600_000).toISOString()
      const { id } = await create(coordinator, { 'b.pdf': pagesOf(['never', 'b']) }, { by })
      await asked.promise
      assert.deepEqual(await scraped(), {
        'shoal_jobs{pipeline="documents",in_time="yes"}': 1,
        'shoal_jobs{pipeline="documents",in_time="no"}': 0,
        'shoal_jobs{pipeline="documents",in_time="unknown"}': 0,
        'shoal_job_pages_left{pipeline="documents"}': 2,
        'shoal_job_pages_total{pipeline="documents",result="done"}': 2,
        'shoal_job_pages_total{pipeline="documents",result="failed"}': 1,
      })
      await createClient(coordinator.url).jobs.cancel(id)
      assert.equal((await scraped())['shoal_job_pages_left{pipeline="documents"}'], 0)
    },
    {},
    (batch) => {
      if (new TextDecoder().decode(batch.blobs[0]).includes('never')) return void asked.resolve()
      return behave(batch)
    },
  )
})

Deno.test('a job that is cancelled keeps what is done; deleted once more it is gone', () => {
  const held = Promise.withResolvers<void>()
  const behave = reads()
  return withJobs(
    async (coordinator, node) => {
      const shoal = createClient(coordinator.url)
      const { id } = await shoal.jobs.create([
        { name: 'a.pdf', data: pagesOf(['a', 'b']) },
        { name: 'b.pdf', data: pagesOf(['never']) },
      ])
      for await (const { event } of shoal.jobs.events(id)) if (event === 'document') break
      await held.promise
      const job = await shoal.jobs.cancel(id)
      assert.equal(job.state, 'cancelled')
      assert.deepEqual(job.documents?.map(({ state }) => state), ['done', 'cancelled'])
      assert.deepEqual(await shoal.jobs.cancel(id), job)
      const blob = await shoal.jobs.result(id, 0, 'json')
      assert.match(await blob.text(), /"b"/)
      await node.got('cancel')
      await shoal.jobs.remove(id)
      await assert.rejects(shoal.jobs.get(id), { reason: 'not_found' })
      assert.deepEqual(await shoal.jobs.list(), [])
    },
    {},
    (batch) => {
      if (new TextDecoder().decode(batch.blobs[0]).includes('never')) return void held.resolve()
      return behave(batch)
    },
  )
})

Deno.test('a job of any other pipeline has each file as a query, and its outputs as the result', () =>
  withJobs(async (coordinator) => {
    const pipeline = 'plain'
    const { id } = await create(coordinator, {
      'a.png': new Uint8Array(PIXEL_PNG),
      'b.txt': 'a text',
    }, { pipeline })
    const job = await ended(coordinator, id)
    assert.deepEqual(job.documents?.map(({ state, error }) => [state, error?.reason]), [
      ['done', undefined],
      ['failed', 'invalid_input'],
    ])
    const { name, outputs } = await get<{ name: string; outputs: { words: unknown[] } }>(
      coordinator,
      `/v1/jobs/${id}/results/0.json`,
    )
    assert.deepEqual([name, outputs.words.length], ['a.png', 1])
    const response = await send(coordinator, { a: 'x' }, { pipeline, output: 'pdf' })
    assert.equal(response.status, 400)
    assert.match((await response.json()).error, /plain answers with json alone/)
  }))

Deno.test('the parts of a job that has time hardly count as demand, those of a late one do', async () => {
  const shares: Record<string, (number | undefined)[]> = { later: [], late: [] }
  let job: keyof typeof shares = 'later'
  const wrap = (scheduler: Scheduler): Scheduler => ({
    ...scheduler,
    handle(event, ...rest) {
      if (event.type === 'query_arrived') shares[job]!.push(event.share)
      return scheduler.handle(event, ...rest)
    },
  })
  await withJobs(async (coordinator) => {
    const file = { 'scan.pdf': pagesOf(numbered(8)) }
    const day = String(24 * 3600_000)
    await ended(coordinator, (await create(coordinator, file, { deadlineMs: day })).id)
    job = 'late'
    await ended(coordinator, (await create(coordinator, file, { deadlineMs: '1' })).id)
  }, { wrap })
  assert.equal(shares['later']?.length, 2)
  assert.ok(shares['later'].every((share) => share! < 0.01), `${shares['later']}`)
  assert.deepEqual(shares['late'], [1, 1])
})
