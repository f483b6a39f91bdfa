import assert from 'node:assert/strict'
import { createScheduler } from '../../src/policy/scheduler.ts'
import type { Answer } from '../../src/policy/core/types.ts'
import { createPool, nodeOf, ocr, refsOf, street } from './fixtures.ts'

type Ok = Extract<Answer, { ok: true }>

function only(pool: ReturnType<typeof createPool>, query: string): Answer {
  const answers = pool.answers.get(query) ?? []
  assert.equal(answers.length, 1, `${query} got ${answers.length} answers`)
  return answers[0]!.answer
}

function assertEmpty(pool: ReturnType<typeof createPool>) {
  for (const stats of Object.values(pool.scheduler.stats().pipelines)) {
    assert.equal(stats.inFlight, 0)
    for (const count of Object.values(stats.queued)) assert.equal(count, 0)
  }
}

Deno.test('one node with one slot serves a whole pipeline, by the most accurate path', () => {
  const pool = createPool([ocr], { childCount: () => 3 })
  pool.join(nodeOf('a', [ocr]))
  pool.run(100)
  pool.ask('q', 'ocr', 5000)
  pool.run(10_000)
  const answer = only(pool, 'q') as Ok
  assert.equal(answer.ok, true)
  assert.equal(answer.accuracy, 0.81)
  assert.deepEqual(answer.path, { detect: { large: 1 }, read: { big: 3 } })
  assert.deepEqual(answer.items.map(({ task, parent }) => [task, parent]), [
    ['detect', -1],
    ['read', 0],
    ['read', 0],
    ['read', 0],
  ])
  const [detect, ...reads] = answer.stages
  assert.equal(detect!.task, 'detect')
  assert.equal(detect!.computeMs, 160)
  assert.equal(detect!.networkMs, 4)
  assert.equal(reads.reduce((sum, { items }) => sum + items, 0), 3)
  assert.deepEqual(pool.violations, [])
  assertEmpty(pool)
})

Deno.test('of queries told of together none is sent before the last is known', () => {
  const pool = createPool([street])
  pool.join(nodeOf('a', [street]))
  pool.run(100)
  const { nowMs } = pool.time
  const sent = ['later', 'sooner', 'soonest'].map((query, i) => {
    const deadlineMs = nowMs + 5000 - i
    const asked = { query, pipeline: 'street', deadlineMs, payload: query }
    return pool.scheduler.handle({ type: 'query_arrived', ...asked }, nowMs, i < 2)
      .flatMap((one) => one.type === 'dispatch' ? one.items.map((item) => item.query) : [])
  })
  assert.deepEqual(sent.slice(0, 2), [[], []])
  assert.equal(sent[2]![0], 'soonest')
})

Deno.test('a tight deadline takes the most accurate path that keeps it', () => {
  const pool = createPool([ocr], { childCount: () => 4 })
  pool.join(nodeOf('a', [ocr]))
  pool.run(100)
  const accuracyWithin = (timeoutMs: number) => {
    const query = `within ${timeoutMs}`
    pool.ask(query, 'ocr', timeoutMs)
    pool.run(pool.time.nowMs + 5000)
    return (only(pool, query) as Ok).accuracy
  }
  const [fast, middle, full] = [100, 250, 1000].map(accuracyWithin)
  assert.ok(fast! < middle! && middle! < full!, `${fast} ${middle} ${full}`)
})

Deno.test('a query with nothing found is answered with the accuracy of the prefix', () => {
  const pool = createPool([ocr], { childCount: () => 0 })
  pool.join(nodeOf('a', [ocr]))
  pool.run(100)
  pool.ask('q', 'ocr', 5000)
  pool.run(1000)
  const answer = only(pool, 'q') as Ok
  assert.equal(answer.accuracy, 0.9)
  assert.equal(answer.items.length, 1)
})

Deno.test('three levels and two branches are served and answered in reading order', () => {
  const counts: { [task: string]: number } = { car: 2, plate: 1, face: 2 }
  const pool = createPool([street], { childCount: (_, child) => counts[child]! })
  pool.join(nodeOf('a', [street], { slots: 2 }))
  pool.join(nodeOf('b', [street], { slowness: 2 }))
  pool.run(500)
  for (let i = 0; i < 5; i++) pool.ask(`q${i}`, 'street', 3000)
  pool.run(5000)
  for (let i = 0; i < 5; i++) {
    const { items } = only(pool, `q${i}`) as Ok
    assert.deepEqual(items.map(({ task }) => task), [
      ...['scene', 'car', 'plate', 'car', 'plate', 'face', 'face'],
    ])
    assert.deepEqual(items.map(({ parent }) => parent), [-1, 0, 1, 0, 3, 0, 0])
  }
  assert.deepEqual(pool.violations, [])
  assertEmpty(pool)
})

Deno.test('several nodes that each hold one task serve the pipeline together', () => {
  const pool = createPool([ocr], { childCount: () => 3 })
  const whole = nodeOf('detector', [ocr])
  const able = (task: string) => whole.able.filter((ref) => ref.task === task)
  pool.join({ ...whole, able: able('detect') })
  pool.join({ ...whole, id: 'reader', able: able('read') })
  pool.run(500)
  pool.ask('q', 'ocr', 5000)
  pool.run(5000)
  const { stages } = only(pool, 'q') as Ok
  for (const { task, node } of stages) {
    assert.equal(node, task === 'detect' ? 'detector' : 'reader')
  }
})

Deno.test('accuracy falls as load rises and comes back as it falls, with the deadlines kept', () => {
  const pool = createPool([ocr], { seed: 4 })
  for (const id of ['a', 'b']) pool.join(nodeOf(id, [ocr], { latencyCv: 0.1 }))
  const phases = [1, 16, 1]
  phases.forEach((ratePerS, phase) => {
    for (let i = 0; i < ratePerS * 20; i++) {
      const atMs = 1000 + phase * 25_000 + i * 1000 / ratePerS
      pool.time.at(atMs, () => pool.ask(`${phase} ${i}`, 'ocr', 2000))
    }
  })
  pool.run(90_000)
  const meanOf = (phase: number) => {
    const accuracies = Array.from(
      { length: phases[phase]! * 20 },
      (_, i) => (only(pool, `${phase} ${i}`) as Ok).accuracy,
    )
    return accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length
  }
  const [before, during, after] = [meanOf(0), meanOf(1), meanOf(2)]
  assert.ok(before! > 0.8 && after! > 0.8, `${before} and ${after} at light load`)
  assert.ok(during! < 0.7, `${during} at heavy load`)
  assert.deepEqual(pool.scheduler.stats().pipelines.ocr!.failed, {})
  assertEmpty(pool)
})

Deno.test('overload is refused at the door, and what is let in is answered in time', () => {
  const pool = createPool([ocr], { seed: 5 })
  pool.join(nodeOf('a', [ocr], { latencyCv: 0.1 }))
  const count = 1200
  for (let i = 0; i < count; i++) {
    pool.time.at(500 + i * 25, () => pool.ask(`q${i}`, 'ocr', 2000))
  }
  pool.run(500 + count * 25)
  assert.equal(pool.scheduler.plan().mode, 'saturated')
  pool.run(60_000)
  const { onTime, failed } = pool.scheduler.stats().pipelines.ocr!
  // Capacity by the quickest path: 1000 / (40 + 4 * 5) queries a second.
  assert.ok(onTime > 0.9 * 30 * 1000 / 60, `${onTime} on time`)
  assert.ok((failed.deadline_exceeded ?? 0) < 0.01 * count, JSON.stringify(failed))
  assertEmpty(pool)
})

Deno.test('a slower node gets less work, by its measured speed', () => {
  const items = { quick: 0, slow: 0 }
  // Of one seed alone it may be twice as much or ten times.
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const pool = createPool([ocr], { seed })
    pool.join(nodeOf('quick', [ocr], { latencyCv: 0.1 }))
    pool.join(nodeOf('slow', [ocr], { latencyCv: 0.1, slowness: 5 }))
    for (let i = 0; i < 300; i++) pool.time.at(500 + i * 60, () => pool.ask(`q${i}`, 'ocr', 2000))
    pool.run(60_000)
    const { nodes, pipelines } = pool.scheduler.stats()
    items.quick += nodes.quick!.items
    items.slow += nodes.slow!.items
    assert.deepEqual(pipelines.ocr!.failed, {})
  }
  assert.ok(items.quick > 2.5 * items.slow, `${items.quick} and ${items.slow} items`)
})

Deno.test('two pipelines share the pool by deadline', () => {
  const pool = createPool([ocr, street])
  for (const id of ['a', 'b']) pool.join(nodeOf(id, [ocr, street]))
  pool.run(1000)
  for (let i = 0; i < 20; i++) pool.ask(`q${i}`, i % 2 === 0 ? 'ocr' : 'street', 4000)
  pool.run(10_000)
  for (let i = 0; i < 20; i++) assert.equal(only(pool, `q${i}`).ok, true)
  assertEmpty(pool)
})

Deno.test('duty below 1 leaves a node idle for its share of the time', () => {
  const pool = createPool([ocr], { childCount: () => 0 })
  pool.join(nodeOf('a', [ocr], { duty: 0.5, networkMs: 0 }))
  pool.run(1000)
  for (let i = 0; i < 10; i++) pool.ask(`q${i}`, 'ocr', 60_000)
  pool.run(60_000)
  const sent = pool.commands.flatMap(({ atMs, command }) =>
    command.type === 'dispatch'
      ? [{ atMs, variant: command.variant, items: command.items.length }]
      : []
  )
  for (let i = 1; i < sent.length; i++) {
    const { atMs, variant, items } = sent[i - 1]!
    const ranMs = (variant === 'large' ? 160 : 40) * items
    assert.ok(sent[i]!.atMs - atMs >= 2 * ranMs - 1e-6)
  }
})

Deno.test('same events, same commands, bit for bit', () => {
  const run = () => {
    const pool = createPool([ocr, street], { seed: 11 })
    const faults = { failRatio: 0.05, hangRatio: 0.01, itemFailRatio: 0.02 }
    for (let i = 0; i < 4; i++) {
      pool.join(nodeOf(`n${i}`, [ocr, street], { latencyCv: 0.3, slowness: 1 + i, faults }))
    }
    for (let i = 0; i < 400; i++) {
      pool.time.at(i * 40, () => pool.ask(`q${i}`, i % 3 === 0 ? 'ocr' : 'street', 1500))
    }
    pool.time.at(5000, () => pool.leave('n1'))
    pool.time.at(8000, () => pool.join(nodeOf('n1', [ocr, street])))
    pool.run(60_000)
    return JSON.stringify([pool.commands, pool.scheduler.stats(), pool.scheduler.plan()])
  }
  assert.equal(run(), run())
})

Deno.test('a scheduler that is asked for its plan before anything happened plans for what is asked', () => {
  const pool = createPool([ocr], { childCount: () => 3 })
  pool.scheduler.plan()
  pool.scheduler.stats()
  pool.join(nodeOf('a', [ocr]))
  // The best path takes 0.4 s of the one slot: four a second are too many for it.
  for (let i = 0; i < 40; i++) {
    pool.ask(`q${i}`, 'ocr', 5000)
    pool.run(250 * (i + 1))
  }
  const { mode, mix } = pool.scheduler.plan()
  const best = mix.filter(({ path }) => path.join() === 'large,big')
  assert.notEqual(mode, 'hardware')
  assert.ok(best.every(({ share }) => share < 0.9), JSON.stringify(mix))
})

Deno.test('a pool that nobody asks is not saturated while its nodes still measure', () => {
  const scheduler = createScheduler({ pipelines: [ocr] })
  scheduler.handle({ type: 'node_joined', node: 'a', slots: 1, duty: 1, able: refsOf(ocr) }, 0)
  for (let nowMs = 0; nowMs < 3000; nowMs += 100) scheduler.handle({ type: 'wake' }, nowMs)
  const idle = scheduler.plan()
  assert.equal(idle.mode, 'hardware')
  assert.match(idle.reason, /nobody asks/)
  for (let nowMs = 3000; nowMs < 6000; nowMs += 100) {
    scheduler.handle({
      type: 'query_arrived',
      query: `q${nowMs}`,
      pipeline: 'ocr',
      deadlineMs: nowMs + 1000,
      payload: null,
    }, nowMs)
  }
  // No node holds anything yet: what is asked is refused, and the plan says so.
  assert.equal(scheduler.plan().mode, 'saturated')
  assert.match(scheduler.plan().reason, /refused/)
})
