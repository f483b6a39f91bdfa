/** Queries under way, whatever the scheduler and the client do. */
import { createQueries, type QueryRequest } from '../../src/coordinator/queries/queries.ts'
import assert from 'node:assert/strict'
import { createDeadlines } from '../../src/coordinator/core/deadlines.ts'
import type { PolicyEvent } from '../../src/policy/core/types.ts'

const MB = 1024 * 1024

function scene() {
  const posted: PolicyEvent[] = []
  const now = () => performance.now()
  const deadlines = createDeadlines(now)
  const ended: string[] = []
  const telemetry = { answered() {}, cancelled() {} }
  const queries = createQueries(
    (event) => posted.push(event),
    now,
    deadlines,
    (query) => ended.push(query),
    telemetry,
  )
  const request = (more: Partial<QueryRequest> = {}): QueryRequest => ({
    pipeline: 'words',
    payload: { meta: {}, bytes: new Uint8Array(1) },
    holder: undefined,
    arrivedMs: now(),
    deadlineMs: now() + 600_000,
    gone: () => () => {},
    ...more,
  })
  return { posted, ended, deadlines, queries, request }
}

Deno.test('pictures inside are bounded by their size, those answered count no more', async () => {
  const { deadlines, queries, request } = scene()
  const payload = { meta: {}, bytes: new Uint8Array(300 * MB) }
  const answer = { ok: false, reason: 'node_failed', message: 'no' } as const
  for (const id of ['1', '2']) {
    const first = queries.submit(request({ payload }))
    const second = await queries.submit(request({ payload }))
    assert.ok(!second.answer.ok && second.answer.reason === 'queue_full')
    queries.answer(id, answer)
    assert.deepEqual((await first).answer, answer)
  }
  deadlines.stop()
})

Deno.test('pictures of one key leave room for those of others', async () => {
  const { deadlines, queries, request } = scene()
  const payload = { meta: {}, bytes: new Uint8Array(100 * MB) }
  const first = queries.submit(request({ payload, holder: 'a' }))
  const { answer } = await queries.submit(request({ payload, holder: 'a' }))
  assert.ok(!answer.ok && answer.reason === 'rate_limited')
  assert.match(answer.message, /too many of yours: one key or address has 134217728 of 536870912/)
  const other = queries.submit(request({ payload, holder: 'b' }))
  for (const id of ['1', '2']) {
    queries.answer(id, { ok: false, reason: 'node_failed', message: 'no' })
  }
  for (const { answer } of await Promise.all([first, other])) {
    assert.ok(!answer.ok && answer.reason === 'node_failed')
  }
  deadlines.stop()
})

Deno.test('a query that the scheduler forgot is answered all the same, and called off', async () => {
  const { posted, ended, deadlines, queries, request } = scene()
  const { answer } = await queries.submit(request({ deadlineMs: performance.now() + 60 }))
  assert.ok(!answer.ok && answer.reason === 'deadline_exceeded')
  assert.deepEqual(posted.map(({ type }) => type), ['query_arrived', 'query_cancelled'])
  assert.deepEqual(ended, ['1'])
  assert.equal(queries.size, 0)
  deadlines.stop()
})

Deno.test('a client that is gone before anybody looked is watched no more', async () => {
  const { posted, deadlines, queries, request } = scene()
  let watched = 0
  const left = new Error('left')
  const gone: QueryRequest['gone'] = (tell) => {
    watched++
    tell(left)
    return () => void watched--
  }
  await assert.rejects(queries.submit(request({ gone })), left)
  assert.equal(watched, 0)
  assert.deepEqual(posted.map(({ type }) => type), ['query_arrived', 'query_cancelled'])
  deadlines.stop()
})

Deno.test('the client of a query that was answered late is watched no more', async () => {
  const { deadlines, queries, request } = scene()
  const watched = Promise.withResolvers<void>()
  let left = false
  const gone: QueryRequest['gone'] = () => {
    watched.resolve()
    return () => left = true
  }
  const answered = queries.submit(request({ gone }))
  await watched.promise
  queries.answer('1', { ok: false, reason: 'node_failed', message: 'no' })
  await answered
  assert.ok(left)
  deadlines.stop()
})
