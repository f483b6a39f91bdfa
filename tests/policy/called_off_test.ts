/** What nobody wants any more: a query that is cancelled, and batches that are called off. */
import assert from 'node:assert/strict'
import { asked, byHand, finished, wakeUntil } from './by_hand.ts'
import { commandsOf, createPool, nodeOf, ocr } from './fixtures.ts'

const dispatches = (pool: ReturnType<typeof createPool>) =>
  pool.commands.flatMap(({ atMs, command }) =>
    command.type === 'dispatch' ? [{ atMs, ...command }] : []
  )

Deno.test('a cancelled query is dropped without an answer, and its batch cancelled', () => {
  const scheduler = byHand()
  const [detect] = commandsOf(scheduler, asked('q', 5000), 10, 'dispatch')
  const commands = scheduler.handle({ type: 'query_cancelled', query: 'q' }, 20)
  assert.deepEqual(commands.filter(({ type }) => type !== 'wake_at'), [
    { type: 'cancel_batch', node: 'a', batch: detect!.batch },
  ])
  assert.deepEqual(
    scheduler.handle(finished(detect!.batch), 200).filter(({ type }) => type === 'answer'),
    [],
  )
  const { cancelled, inFlight, failed } = scheduler.stats().pipelines.ocr!
  assert.deepEqual({ cancelled, inFlight, failed }, { cancelled: 1, inFlight: 0, failed: {} })
})

Deno.test('a slot has its next batch once its node says that what was called off has ended', () => {
  const scheduler = byHand()
  const [first] = commandsOf(scheduler, asked('gone', 5000), 10, 'dispatch')
  scheduler.handle({ type: 'query_cancelled', query: 'gone' }, 20)
  assert.deepEqual(commandsOf(scheduler, asked('q', 5000), 30, 'dispatch'), [])
  const ended = { type: 'batch_failed', batch: first!.batch, message: 'called off' } as const
  const [next] = commandsOf(scheduler, ended, 40, 'dispatch')
  assert.deepEqual(next!.items.map(({ query }) => query), ['q'])
  // It is no fault of the variant's, which the next one is served with.
  assert.equal(next!.variant, first!.variant)
})

Deno.test('how long a batch took that was called off is known of its slot', () => {
  const nextAfter = (computeMs?: number) => {
    const scheduler = byHand()
    const [first] = commandsOf(scheduler, asked('gone', 5000), 10, 'dispatch')
    scheduler.handle({ type: 'query_cancelled', query: 'gone' }, 20)
    scheduler.handle(asked('q', 5000), 30)
    const ended = {
      ...{ type: 'batch_failed', batch: first!.batch, message: 'called off' } as const,
      ...computeMs === undefined ? {} : { computeMs },
    }
    const [next] = commandsOf(scheduler, ended, 10 + 2 * first!.expectedMs, 'dispatch')
    assert.equal(next!.variant, first!.variant)
    return next!.expectedMs / first!.expectedMs
  }
  assert.equal(nextAfter(), 1)
  assert.ok(nextAfter(200) > 1.2)
})

Deno.test('a node that works a part of the time rests after what was called off, too', () => {
  const scheduler = byHand(1, 0.25)
  const [first] = commandsOf(scheduler, asked('gone', 5000), 10, 'dispatch')
  scheduler.handle({ type: 'query_cancelled', query: 'gone' }, 20)
  scheduler.handle(asked('q', 5000), 30)
  const ended = { type: 'batch_failed', batch: first!.batch, message: 'called off' } as const
  assert.deepEqual(commandsOf(scheduler, ended, 40, 'dispatch'), [])
  const later = wakeUntil(scheduler, 41, 5000).find(({ type }) => type === 'dispatch')
  assert.ok(later!.atMs > 40 + 2 * (first!.expectedMs - 10))
})

Deno.test('a batch with items of a living query is not cancelled for one that is gone', () => {
  const pool = createPool([ocr], { childCount: () => 4 })
  const node = nodeOf('a', [ocr], {
    latencyMs: (ref, batch) => ref.task === 'detect' ? 20 : 20 + batch,
  })
  pool.join(node)
  const profile = node.able.map((ref) => ({
    ...ref,
    points: [1, 8].map((batch) => ({ batch, latencyMs: node.latencyMs(ref, batch) })),
  }))
  pool.post({ type: 'node_reported', node: 'a', profile })
  pool.run(500)
  for (const query of ['busy', 'gone', 'stays']) pool.ask(query, 'ocr', 5000)
  const queriesOf = (batch: { items: { query: string }[] } | undefined) =>
    new Set(batch?.items.map(({ query }) => query))
  let mixed
  for (let i = 0; i < 500 && mixed === undefined; i++) {
    pool.run(pool.time.nowMs + 1)
    mixed = dispatches(pool).find((batch) => queriesOf(batch).size > 1)
  }
  assert.ok(mixed !== undefined)
  assert.deepEqual(queriesOf(mixed), new Set(['gone', 'stays']))
  pool.post({ type: 'query_cancelled', query: 'gone' })
  assert.ok(pool.commands.every(({ command }) => command.type !== 'cancel_batch'))
  pool.run(6000)
  assert.deepEqual(pool.answers.get('stays')!.map(({ answer }) => answer.ok), [true])
  assert.equal(pool.answers.get('gone'), undefined)
})
