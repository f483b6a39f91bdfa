import assert from 'node:assert/strict'
import type { Answer, PolicyEvent } from '../../../src/policy/core/types.ts'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import { commandsOf, createPool, nodeOf, ocr, refsOf, single, street } from '../fixtures.ts'

function ready(limits = {}) {
  const pool = createPool([ocr], { childCount: () => 2, limits })
  pool.join(nodeOf('a', [ocr]))
  pool.run(1000)
  return pool
}

function refusal(answer: Answer | undefined) {
  assert.ok(answer !== undefined && !answer.ok, 'not refused')
  return answer
}

const first = (pool: ReturnType<typeof createPool>, query: string) =>
  refusal(pool.answers.get(query)?.[0]?.answer)

Deno.test('an empty pool refuses with when to try again', () => {
  const pool = createPool([ocr])
  pool.ask('q', 'ocr', 5000)
  const { reason, retryAfterMs } = first(pool, 'q')
  assert.equal(reason, 'no_capable_node')
  assert.ok(retryAfterMs! > 0)
})

Deno.test('a pool that is loading refuses with a shorter while to try again', () => {
  const pool = createPool([ocr])
  pool.ask('empty', 'ocr', 5000)
  pool.join(nodeOf('a', [ocr], { loadMs: 60_000 }))
  pool.ask('loading', 'ocr', 1000)
  assert.equal(first(pool, 'loading').reason, 'no_capable_node')
  assert.ok(first(pool, 'loading').retryAfterMs! < first(pool, 'empty').retryAfterMs!)
})

Deno.test('who asks while the first variants are being loaded waits for the best ones', () => {
  const pool = createPool([ocr], { childCount: () => 2 })
  pool.join(nodeOf('a', [ocr], { loadMs: 100 }))
  pool.ask('early', 'ocr', 5000)
  pool.ask('hurried', 'ocr', 150)
  assert.equal(first(pool, 'hurried').reason, 'no_capable_node')
  pool.run(5000)
  const { answer } = pool.answers.get('early')![0]!
  assert.ok(answer.ok)
  assert.deepEqual(answer.path, { detect: { large: 1 }, read: { big: 2 } })
})

Deno.test('of many who ask while the first variants are being loaded only a few wait', () => {
  const pool = createPool([ocr], { childCount: () => 2 })
  pool.join(nodeOf('a', [ocr], { loadMs: 100 }))
  for (let i = 0; i < 100; i++) pool.ask(`q${i}`, 'ocr', 6000)
  const refused = [...pool.answers.values()]
  assert.equal(refused.length, 100 - 16)
  pool.run(7000)
  assert.equal([...pool.answers.values()].filter(([one]) => one!.answer.ok).length, 16)
})

Deno.test('who waits for what is being loaded is told so when that does not come', () => {
  const pool = createPool([ocr])
  pool.join(nodeOf('a', [ocr], { loadMs: 60_000 }))
  pool.ask('q', 'ocr', 5000)
  pool.run(6000)
  const { atMs, answer } = pool.answers.get('q')![0]!
  assert.ok(!answer.ok)
  assert.equal(answer.reason, 'node_failed')
  assert.equal(atMs, 5000)
})

Deno.test('an accuracy above the best path is refused for good', () => {
  const pool = ready()
  pool.ask('q', 'ocr', 5000, 0.82)
  const { reason, retryAfterMs } = first(pool, 'q')
  assert.equal(reason, 'no_capable_node')
  assert.equal(retryAfterMs, undefined)
})

Deno.test('an accuracy that no node of the pool can reach may be tried again', () => {
  const pool = createPool([ocr])
  const node = nodeOf('a', [ocr])
  pool.join({ ...node, able: node.able.filter(({ variant }) => variant !== 'large') })
  pool.run(1000)
  pool.ask('q', 'ocr', 5000, 0.8)
  const { reason, retryAfterMs } = first(pool, 'q')
  assert.equal(reason, 'no_capable_node')
  assert.ok(retryAfterMs! > 0)
})

Deno.test('least accuracy is kept under load, or the query refused for want of time', () => {
  const pool = ready()
  for (let i = 0; i < 300; i++) {
    pool.time.at(1000 + i * 40, () => pool.ask(`q${i}`, 'ocr', 2000, i % 2 === 0 ? 0.7 : undefined))
  }
  pool.run(60_000)
  let served = 0
  for (let i = 0; i < 300; i += 2) {
    const { answer } = pool.answers.get(`q${i}`)![0]!
    if (answer.ok) {
      served++
      assert.ok(answer.accuracy >= 0.7, `${answer.accuracy}`)
    } else assert.ok(['infeasible_deadline', 'deadline_exceeded'].includes(answer.reason))
  }
  assert.ok(served > 20)
})

Deno.test('least accuracy at the best path is served by the best path', () => {
  const pool = ready()
  pool.ask('q', 'ocr', 5000, 0.81)
  pool.run(5000)
  const { answer } = pool.answers.get('q')![0]!
  assert.ok(answer.ok && answer.accuracy === 0.81)
})

Deno.test('a deadline that an idle pool misses is refused for good', () => {
  const pool = ready()
  pool.ask('q', 'ocr', 20)
  const { reason, retryAfterMs } = first(pool, 'q')
  assert.equal(reason, 'infeasible_deadline')
  assert.equal(retryAfterMs, undefined)
})

Deno.test('a query whose time was gone when it came here may be tried again', () => {
  const pool = ready()
  const rest = { pipeline: 'ocr', deadlineMs: pool.time.nowMs + 20, payload: null }
  pool.post({ type: 'query_arrived', query: 'q', timeoutMs: 5000, ...rest })
  const { reason, retryAfterMs } = first(pool, 'q')
  assert.equal(reason, 'infeasible_deadline')
  assert.ok(retryAfterMs! > 0)
})

Deno.test('a deadline that only the backlog makes impossible may be tried again', () => {
  const pool = ready()
  for (let i = 0; i < 40; i++) pool.ask(`q${i}`, 'ocr', 60_000)
  for (let i = 0; i < 40; i++) pool.ask(`short ${i}`, 'ocr', 400)
  const last = first(pool, 'short 39')
  assert.equal(last.reason, 'infeasible_deadline')
  assert.ok(last.retryAfterMs! > 0)
})

Deno.test('a deadline in the past is refused', () => {
  const pool = ready()
  pool.ask('q', 'ocr', -5)
  assert.equal(first(pool, 'q').reason, 'infeasible_deadline')
})

Deno.test('too many queries inside are refused until some have left', () => {
  const pool = ready({ maxQueries: 3 })
  for (let i = 0; i < 4; i++) pool.ask(`q${i}`, 'ocr', 10_000)
  const { reason, retryAfterMs } = first(pool, 'q3')
  assert.equal(reason, 'queue_full')
  assert.ok(retryAfterMs! > 0)
  pool.run(20_000)
  pool.ask('later', 'ocr', 5000)
  assert.equal(pool.answers.get('later'), undefined)
})

Deno.test('draining refuses new queries and answers those inside', () => {
  const pool = ready()
  pool.ask('inside', 'ocr', 5000)
  pool.post({ type: 'drain' })
  pool.ask('late', 'ocr', 5000)
  const { reason, retryAfterMs } = first(pool, 'late')
  assert.equal(reason, 'draining')
  assert.equal(retryAfterMs, undefined)
  pool.run(6000)
  assert.equal(pool.answers.get('inside')![0]!.answer.ok, true)
})

Deno.test('an unknown pipeline is refused for good', () => {
  const pool = ready()
  pool.ask('q', 'speech', 5000)
  const { reason, retryAfterMs } = first(pool, 'q')
  assert.equal(reason, 'no_capable_node')
  assert.equal(retryAfterMs, undefined)
})

Deno.test('createScheduler() refuses two pipelines of one name and bounds that bound nothing', () => {
  assert.throws(() => createScheduler({ pipelines: [ocr, ocr] }), RangeError)
  assert.throws(() => createScheduler({ pipelines: [ocr], limits: { maxBatch: 0 } }), RangeError)
})

Deno.test('a query whose items find no room is answered queue_full', () => {
  const pool = createPool([ocr], { childCount: () => 50, limits: { maxItemsPerTask: 20 } })
  pool.join(nodeOf('a', [ocr]))
  pool.run(1000)
  pool.ask('q', 'ocr', 5000)
  pool.run(6000)
  assert.equal(first(pool, 'q').reason, 'queue_full')
  assert.deepEqual(pool.scheduler.stats().pipelines.ocr!.queued, { detect: 0, read: 0 })
})

Deno.test('of a query whose items find no room none is sent, whatever branch there is room for', () => {
  // Of cars too many, of faces not.
  const childCount = (_: string, child: string) => child === 'car' ? 3 : 1
  const pool = createPool([street], { childCount, limits: { maxItemsPerTask: 2 } })
  pool.join(nodeOf('a', [street]))
  pool.run(1000)
  pool.ask('q', 'street', 2000)
  pool.run(6000)
  assert.equal(first(pool, 'q').reason, 'queue_full')
  assert.equal(pool.commands.filter(({ command }) => command.type === 'dispatch').length, 1)
  assert.deepEqual(pool.violations, [])
})

Deno.test('a duplicate of a query inside is ignored', () => {
  const scheduler = createScheduler({ pipelines: [ocr] })
  const able = refsOf(ocr)
  scheduler.handle({ type: 'node_joined', node: 'a', slots: 1, duty: 1, able }, 0)
  for (const ref of able) {
    scheduler.handle({ type: 'instance_ready', node: 'a', slot: 0, ...ref }, 0)
  }
  const asked: PolicyEvent = {
    type: 'query_arrived',
    query: 'q',
    pipeline: 'ocr',
    deadlineMs: 5000,
    payload: null,
  }
  assert.equal(commandsOf(scheduler, asked, 1, 'dispatch').length, 1)
  assert.deepEqual(scheduler.handle(asked, 2).filter(({ type }) => type !== 'wake_at'), [])
})

Deno.test('who comes while all slots rest for their volunteers is told when one may begin again', () => {
  const pool = createPool([single])
  pool.join(nodeOf('a', [single], { duty: 0.1, slowness: 5, networkMs: 0 }))
  pool.run(1000)
  pool.ask('first', 'single', 1000)
  pool.run(2000)
  const [{ atMs, answer }] = pool.answers.get('first') as [{ atMs: number; answer: Answer }]
  assert.ok(answer.ok)
  // It ran for a tenth of the time that has to pass.
  const againMs = 1000 + 10 * (atMs - 1000)
  pool.ask('second', 'single', 1000)
  const { reason, retryAfterMs } = first(pool, 'second')
  assert.equal(reason, 'infeasible_deadline')
  // By then it has time for the quickest, and not long before.
  const retryAtMs = 2000 + retryAfterMs!
  assert.ok(againMs < retryAtMs + 1000 && retryAtMs < againMs, `${retryAtMs}`)
  pool.run(retryAtMs + 100)
  pool.ask('third', 'single', 1000)
  pool.run(retryAtMs + 2000)
  assert.ok(pool.answers.get('third')![0]!.answer.ok, 'who does as it was told is served')
})
