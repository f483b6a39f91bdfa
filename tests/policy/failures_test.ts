import assert from 'node:assert/strict'
import type { PolicyEvent } from '../../src/policy/core/types.ts'
import { asked, byHand, finished, wakeUntil } from './by_hand.ts'
import { commandsOf, createPool, nodeOf, ocr, single } from './fixtures.ts'

const dispatches = (pool: ReturnType<typeof createPool>) =>
  pool.commands.flatMap(({ atMs, command }) =>
    command.type === 'dispatch' ? [{ atMs, ...command }] : []
  )

function answerOf(pool: ReturnType<typeof createPool>, query: string) {
  const answers = pool.answers.get(query) ?? []
  assert.equal(answers.length, 1, `${query} got ${answers.length} answers`)
  return answers[0]!
}

Deno.test('a batch that died with its node is answered by another', () => {
  const pool = createPool([ocr], { childCount: () => 2 })
  pool.join(nodeOf('a', [ocr]))
  pool.run(500)
  pool.ask('q', 'ocr', 5000)
  pool.join(nodeOf('b', [ocr]))
  pool.run(600)
  assert.equal(dispatches(pool).at(-1)!.node, 'a')
  pool.leave('a')
  pool.run(6000)
  const { answer } = answerOf(pool, 'q')
  assert.ok(answer.ok)
  assert.deepEqual(new Set(answer.stages.map(({ node }) => node)), new Set(['b']))
  assert.deepEqual(pool.violations, [])
})

Deno.test('when the last node is lost its queries wait for another until their deadline', () => {
  const pool = createPool([ocr], { childCount: () => 1 })
  pool.join(nodeOf('a', [ocr]))
  pool.run(500)
  pool.ask('saved', 'ocr', 5000)
  pool.ask('lost', 'ocr', 1000)
  pool.run(550)
  pool.leave('a')
  pool.time.at(2000, () => pool.join(nodeOf('b', [ocr])))
  pool.run(10_000)
  assert.equal(answerOf(pool, 'saved').answer.ok, true)
  const { atMs, answer } = answerOf(pool, 'lost')
  assert.ok(!answer.ok && answer.reason === 'node_failed')
  assert.equal(atMs, 1500)
})

Deno.test('a batch that fails is tried a bounded number of times, with pauses between', () => {
  const pool = createPool([ocr])
  pool.join(nodeOf('a', [ocr], { faults: { failRatio: 1 } }))
  pool.run(500)
  pool.ask('q', 'ocr', 60_000)
  pool.run(70_000)
  const { answer } = answerOf(pool, 'q')
  assert.ok(!answer.ok && answer.reason === 'node_failed')
  const sent = dispatches(pool)
  assert.equal(sent.length, 3)
  for (const { atMs, variant } of sent) {
    const before = sent.findLast((one) => one.variant === variant && one.atMs < atMs)
    assert.ok(before === undefined || atMs - before.atMs > 250, `${variant} again at ${atMs} ms`)
  }
})

Deno.test('an item that failed on one node goes to another', () => {
  const pool = createPool([ocr], { childCount: () => 0 })
  pool.join(nodeOf('broken', [ocr], { slowness: 0.9, faults: { failRatio: 1 } }))
  pool.join(nodeOf('sound', [ocr]))
  pool.run(500)
  for (let i = 0; i < 6; i++) {
    pool.ask(`q${i}`, 'ocr', 5000)
    pool.run(pool.time.nowMs + 2000)
    assert.equal(answerOf(pool, `q${i}`).answer.ok, true)
  }
})

Deno.test('a fatal outcome answers the whole query at once with its reason', () => {
  for (const bad of [0, 1]) {
    const scheduler = byHand()
    const [detect] = commandsOf(scheduler, asked('q', 5000), 10, 'dispatch')
    const ended = finished(detect!.batch, 1, ['x', 'y', 'z'])
    const [next] = commandsOf(scheduler, ended, 100, 'dispatch')
    assert.equal(next!.items.length, 2)
    const commands = scheduler.handle({
      type: 'batch_finished',
      batch: next!.batch,
      outcomes: next!.items.map((_, i) =>
        i === bad
          ? { ok: false, fatal: true, reason: 'invalid_input', message: 'no picture' }
          : { ok: true, result: null, children: {} }
      ),
      computeMs: 10,
      nodeQueueMs: 0,
      networkMs: 1,
    }, 200)
    const answers = commands.flatMap((one) => one.type === 'answer' ? [one.answer] : [])
    assert.deepEqual(answers, [{ ok: false, reason: 'invalid_input', message: 'no picture' }])
    const stats = scheduler.stats().pipelines.ocr!
    assert.equal(stats.inFlight, 0)
    assert.deepEqual(stats.queued, { detect: 0, read: 0 })
  }
})

Deno.test('an input that is at fault says nothing against what served it', () => {
  const scheduler = byHand()
  const [bad] = commandsOf(scheduler, asked('bad', 60_000), 10, 'dispatch')
  const outcome = { ok: false, fatal: true, reason: 'invalid_input', message: 'no' } as const
  const ended = { ...finished(bad!.batch), outcomes: [outcome] } as PolicyEvent
  scheduler.handle(ended, 200)
  const [next] = commandsOf(scheduler, asked('good', 60_000), 200, 'dispatch')
  assert.equal(next?.variant, bad!.variant)
})

Deno.test('how long an item waited is said: here, and at its node behind another batch', () => {
  const scheduler = byHand()
  const [first] = commandsOf(scheduler, asked('first', 60_000), 10, 'dispatch')
  assert.deepEqual(commandsOf(scheduler, asked('q', 60_000), 20, 'dispatch'), [])
  const [next] = commandsOf(scheduler, finished(first!.batch), 100, 'dispatch')
  const ended = { ...finished(next!.batch), nodeQueueMs: 7 } as PolicyEvent
  const [told] = commandsOf(scheduler, ended, 200, 'answer')
  assert.ok(told?.answer.ok)
  assert.deepEqual(told.answer.stages.map(({ queueMs }) => queueMs), [100 - 20 + 7])
})

Deno.test('outcomes too few count as failures to try again, as those do that say so', () => {
  const failed = { ok: false, fatal: false, reason: 'internal', message: 'no' } as const
  for (const outcomes of [[], [failed]]) {
    const scheduler = byHand()
    const [detect] = commandsOf(scheduler, asked('q', 60_000), 10, 'dispatch')
    const short = { ...finished(detect!.batch), outcomes } as PolicyEvent
    const [again] = commandsOf(scheduler, short, 100, 'dispatch')
    assert.equal(scheduler.stats().pipelines.ocr!.inFlight, 1)
    assert.deepEqual(again!.items.map(({ query }) => query), ['q'])
    // The pair that failed rests: another variant is tried first.
    assert.notEqual(again!.variant, detect!.variant)
  }
})

Deno.test('a batch overdue past its give-up time is cancelled and tried elsewhere', () => {
  const pool = createPool([ocr], { childCount: () => 0 })
  pool.join(nodeOf('hangs', [ocr], { slowness: 0.5, faults: { hangRatio: 1 } }))
  pool.join(nodeOf('sound', [ocr]))
  pool.run(500)
  pool.ask('q', 'ocr', 20_000)
  pool.run(20_000)
  const [first, second] = dispatches(pool)
  assert.equal(first!.node, 'hangs')
  assert.equal(second!.node, 'sound')
  assert.ok(Math.abs(second!.atMs - first!.atMs - first!.giveUpMs) < 1)
  assert.ok(
    pool.commands.some(({ command }) =>
      command.type === 'cancel_batch' && command.batch === first!.batch
    ),
  )
  assert.equal(answerOf(pool, 'q').answer.ok, true)
  assert.equal(pool.scheduler.stats().pipelines.ocr!.inFlight, 0)
})

Deno.test('late results, unknown batches and unknown nodes do no harm', () => {
  const scheduler = byHand()
  const [detect] = commandsOf(scheduler, asked('q', 60_000), 10, 'dispatch')
  const giveUpAtMs = 10 + detect!.giveUpMs
  const given = wakeUntil(scheduler, giveUpAtMs, giveUpAtMs + 5000)
  assert.ok(given.some(({ type }) => type === 'cancel_batch'))
  const again = given.find(({ type }) => type === 'dispatch') as unknown as { batch: number }
  const nowMs = giveUpAtMs + 5001
  const ref = { pipeline: 'ocr', task: 'read', variant: 'tiny' }
  const strange: PolicyEvent[] = [
    finished(detect!.batch, 1, ['late']),
    finished(detect!.batch, 1, ['late']),
    finished(999),
    { type: 'batch_failed', batch: detect!.batch, message: 'late' },
    { type: 'batch_failed', batch: 999, message: 'never was' },
    { type: 'node_left', node: 'nobody' },
    { type: 'node_reported', node: 'nobody', paused: true, slots: 3, profile: [] },
    { type: 'node_able', node: 'nobody', able: [] },
    { type: 'instance_ready', node: 'nobody', slot: 0, ...ref },
    { type: 'instance_ready', node: 'a', slot: 9, ...ref },
    { type: 'instance_ready', node: 'a', slot: 0, ...ref, variant: 'none' },
    { type: 'load_failed', node: 'a', slot: -1, message: '', ...ref },
    { type: 'query_cancelled', query: 'nobody' },
    { type: 'wake' },
  ]
  for (const event of strange) {
    const commands = scheduler.handle(event, nowMs)
    assert.ok(commands.every(({ type }) => type !== 'answer'), event.type)
  }
  const commands = scheduler.handle(finished(again.batch), nowMs)
  assert.equal(commands.filter(({ type }) => type === 'answer').length, 1)
})

Deno.test('a paused node gets no new batch, and its running one counts', () => {
  const pool = createPool([ocr], { childCount: () => 2 })
  pool.join(nodeOf('a', [ocr]))
  pool.run(500)
  pool.ask('q', 'ocr', 5000)
  pool.run(510)
  pool.pause('a', true)
  pool.run(1500)
  assert.equal(dispatches(pool).length, 1)
  assert.equal(pool.scheduler.stats().nodes.a!.state, 'paused')
  pool.ask('meanwhile', 'ocr', 5000)
  const { answer } = answerOf(pool, 'meanwhile')
  assert.ok(!answer.ok && answer.reason === 'no_capable_node')
  pool.pause('a', false)
  pool.run(6000)
  const served = answerOf(pool, 'q').answer
  assert.ok(served.ok && served.stages.some(({ task }) => task === 'detect'))
  assert.deepEqual(pool.violations, [])
})

Deno.test('slots that a node loses give their items back', () => {
  const pool = createPool([ocr], { childCount: () => 1 })
  pool.join(nodeOf('a', [ocr], { slots: 2 }))
  pool.run(500)
  for (let i = 0; i < 2; i++) pool.ask(`q${i}`, 'ocr', 5000)
  pool.run(520)
  assert.equal(dispatches(pool).length, 2)
  pool.post({ type: 'node_reported', node: 'a', slots: 1 })
  for (let i = 2; i < 5; i++) pool.ask(`q${i}`, 'ocr', 5000)
  pool.run(6000)
  for (let i = 0; i < 5; i++) assert.equal(answerOf(pool, `q${i}`).answer.ok, true)
  assert.ok(dispatches(pool).slice(2).every(({ slot }) => slot === 0))
})

Deno.test('slots that a node gains are given something to hold, and work', () => {
  const node = nodeOf('a', [ocr], { slots: 2 })
  const pool = createPool([ocr], { childCount: () => 1 })
  pool.join({ ...node, slots: 1 })
  pool.run(500)
  pool.post({ type: 'node_reported', node: 'a', slots: 2 })
  pool.run(1000)
  assert.equal(pool.scheduler.stats().nodes.a!.instances, 10)
  for (let i = 0; i < 2; i++) pool.ask(`q${i}`, 'ocr', 5000)
  assert.deepEqual(dispatches(pool).map(({ slot }) => slot).toSorted(), [0, 1])
})

Deno.test('a pool that hung for a while serves again when it has come to', () => {
  const pool = createPool([ocr], { childCount: () => 0 })
  const faults = { hangRatio: 1 }
  pool.join(nodeOf('a', [ocr], { faults }))
  pool.run(500)
  for (let i = 0; i < 60; i++) pool.time.at(500 + i * 300, () => pool.ask(`early ${i}`, 'ocr', 300))
  pool.run(20_000)
  faults.hangRatio = 0
  for (let i = 0; i < 100; i++) {
    pool.time.at(20_000 + i * 1000, () => pool.ask(`late ${i}`, 'ocr', 300))
  }
  pool.run(130_000)
  for (let i = 90; i < 100; i++) assert.equal(answerOf(pool, `late ${i}`).answer.ok, true)
})

Deno.test('batches whose queries run out of time before they end tell that they are slow', () => {
  const pool = createPool([single])
  // By the file it takes 100 ms, so it would do for 180; nobody ever hears that it takes 190.
  const latencyMs = ({ variant }: { variant: string }, batch: number) =>
    (variant === 'exact' ? 190 : 20) * batch
  for (const id of ['a', 'b']) pool.join({ ...nodeOf(id, [single]), latencyMs })
  pool.run(1000)
  for (let i = 0; i < 200; i++) pool.time.at(1000 + 50 * i, () => pool.ask(`q${i}`, 'single', 180))
  pool.run(15_000)
  const answered = [...pool.answers.values()].filter(([one]) => one!.answer.ok).length
  assert.ok(answered > 190, `${answered} of ${pool.answers.size}`)
})
