/**
 * Invariants under random load, churn, faults and cancellations, on random pools.
 *
 * @module
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createRandom, exponential, seedFor } from '../../../src/sim/random.ts'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import type { Plan } from '../../../src/policy/core/types.ts'
import { createPool, nodeOf, ocr, refsOf, street } from '../fixtures.ts'
import { few } from '../../exhaustive.ts'

const pipelines = [ocr, street]

/** Child items by query and task alone, so that the size of an answer is known in advance. */
const countOf = (query: string, child: string) => seedFor(7, `${query} ${child}`) % 4

function sizeOf(query: string, pipeline: string): number {
  const count = (child: string) => countOf(query, child)
  if (pipeline === 'ocr') return 1 + count('read')
  return 1 + count('car') * (1 + count('plate')) + count('face')
}

interface Run {
  seed: number
  nodes: number
  ratePerS: number
  timeoutMs: number
  meanUptimeS: number
  faulty: boolean
}

/** Queries come until the first time; all have ended at the second. */
const ARRIVE_MS = 4000
const END_MS = 8000

/** Runs to the end, and checks plans on the way. */
function runWatched(pool: ReturnType<typeof createPool>): void {
  while (pool.time.nowMs < END_MS) {
    pool.run(pool.time.nowMs + 500)
    checkPlan(pool.scheduler.plan(), Object.keys(pool.scheduler.stats().nodes).length)
  }
}

/** A plan's promise is possible, and no better than the best. */
function checkPlan(plan: Plan, nodes: number): void {
  const { objective, bound, gap, mix, awake, standby, resting, instances } = plan
  assert.ok(objective >= 0 && objective <= bound + 1e-9, `${objective} of ${bound}`)
  assert.ok(gap >= 0 && gap <= 1)
  assert.equal(awake + standby + resting, nodes)
  const shares = new Map<string, number>()
  for (const { pipeline, share } of mix) {
    assert.ok(share >= 0)
    shares.set(pipeline, (shares.get(pipeline) ?? 0) + share)
  }
  for (const share of shares.values()) assert.ok(share <= 1 + 1e-6, `${share}`)
  for (const { count } of instances) assert.ok(count > 0 && count <= 3 * nodes, `${count}`)
}

function simulate({ seed, nodes, ratePerS, timeoutMs, meanUptimeS, faulty }: Run) {
  const pool = createPool(pipelines, { seed, childCount: countOf })
  const random = createRandom(seed ^ 0x5eed)
  const faults = faulty
    ? {
      failRatio: 0.05,
      hangRatio: 0.02,
      loadFailRatio: 0.1,
      itemFailRatio: 0.03,
      fatalRatio: 0.01,
    }
    : {}
  for (let i = 0; i < nodes; i++) {
    const spec = nodeOf(`n${i}`, pipelines, {
      slots: 1 + Math.floor(random() * 3),
      slowness: 0.5 + random() * 4,
      duty: random() < 0.2 ? 0.5 : 1,
      latencyCv: random() * 0.6,
      networkMs: random() * 40,
      loadMs: random() * 400,
      faults,
    })
    if (random() < 0.3) spec.able = spec.able.filter(() => random() < 0.7)
    const cycle = () => {
      pool.join(spec)
      const upMs = exponential(random, meanUptimeS * 1000)
      if (random() < 0.5) {
        pool.time.at(pool.time.nowMs + upMs / 3, () => pool.pause(spec.id, true))
        pool.time.at(pool.time.nowMs + upMs / 2, () => pool.pause(spec.id, false))
      }
      pool.time.at(pool.time.nowMs + upMs, () => {
        pool.leave(spec.id)
        pool.time.at(pool.time.nowMs + exponential(random, 1000), cycle)
      })
    }
    pool.time.at(random() * 1000, cycle)
  }
  const asked = new Map<string, { pipeline: string; deadlineMs: number; minAccuracy?: number }>()
  const cancelled = new Set<string>()
  for (let atMs = 0, i = 0; atMs < ARRIVE_MS; atMs += exponential(random, 1000 / ratePerS), i++) {
    const query = `q${i}`
    const pipeline = random() < 0.5 ? 'ocr' : 'street'
    const timeout = timeoutMs * (0.5 + random())
    const minAccuracy = random() < 0.2 ? random() : undefined
    asked.set(query, {
      pipeline,
      deadlineMs: atMs + timeout,
      ...minAccuracy === undefined ? {} : { minAccuracy },
    })
    pool.time.at(atMs, () => pool.ask(query, pipeline, timeout, minAccuracy))
    if (random() < 0.05) {
      pool.time.at(atMs + random() * timeout, () => {
        if (!pool.answers.has(query)) cancelled.add(query)
        pool.post({ type: 'query_cancelled', query })
      })
    }
  }
  runWatched(pool)
  pool.post({ type: 'wake' })
  return { pool, asked, cancelled }
}

const run = fc.record({
  seed: fc.nat(),
  nodes: fc.integer({ min: 0, max: 8 }),
  ratePerS: fc.constantFrom(2, 10, 40, 100),
  timeoutMs: fc.constantFrom(150, 600, 2000),
  meanUptimeS: fc.constantFrom(1, 4, 1000),
  faulty: fc.boolean(),
})

const RUNS = few(12, 60)

Deno.test('Each query has one answer by its deadline, under any joins, departures, failures and hangs', () => {
  let served = 0
  fc.assert(
    fc.property(run, (given) => {
      const { pool, asked, cancelled } = simulate(given)
      assert.deepEqual(pool.violations, [])
      let sent = 0
      for (const { command } of pool.commands) {
        if (command.type !== 'dispatch') continue
        sent++
        assert.ok(command.items.length <= 8)
        const deadlines = command.items.map(({ query }) => asked.get(query)!.deadlineMs)
        assert.equal(command.deadlineMs, Math.min(...deadlines))
        for (const { query, payload } of command.items) {
          // A payload is the query, or query/task/position: all items of the batch are of its one task.
          const task: string = String(payload).split('/')[1] ??
            (command.pipeline === 'ocr' ? 'detect' : 'scene')
          assert.equal(task, command.task)
          assert.equal(asked.get(query)!.pipeline, command.pipeline)
        }
      }
      const accuracies: { [pipeline: string]: number[] } = { ocr: [], street: [] }
      for (const [query, { pipeline, deadlineMs, minAccuracy }] of asked) {
        const answers = pool.answers.get(query) ?? []
        assert.equal(answers.length, cancelled.has(query) ? 0 : 1, `${query}: ${answers.length}`)
        for (const { atMs, answer } of answers) {
          assert.ok(atMs <= deadlineMs + 1e-6, `${query} answered ${atMs - deadlineMs} ms late`)
          if (!answer.ok) continue
          served++
          accuracies[pipeline]!.push(answer.accuracy)
          assert.equal(answer.items.length, sizeOf(query, pipeline))
          const inStages = answer.stages.reduce((sum, { items }) => sum + items, 0)
          assert.equal(inStages, answer.items.length)
          assert.ok(answer.accuracy >= (minAccuracy ?? 0) - 1e-9)
          answer.items.forEach(({ parent }, i) => assert.ok(parent < i))
        }
      }
      const { pipelines: stats, nodes, batchCloses } = pool.scheduler.stats()
      assert.equal(Object.values(batchCloses).reduce((sum, count) => sum + count, 0), sent)
      for (const [name, counts] of Object.entries(stats)) {
        const { arrived, onTime, failed, cancelled, inFlight, queued, accuracySum } = counts
        assert.equal(onTime, accuracies[name]!.length)
        const sum = accuracies[name]!.reduce((sum, accuracy) => sum + accuracy, 0)
        assert.ok(Math.abs(accuracySum - sum) < 1e-6, `${accuracySum}, by answers ${sum}`)
        assert.equal(inFlight, 0)
        assert.ok(Object.values(queued).every((count) => count === 0))
        const refused = Object.values(failed).reduce((sum, count) => sum + count, 0)
        assert.equal(arrived, onTime + refused + cancelled)
      }
      assert.ok(Object.values(nodes).every(({ state }) => state !== 'active'))
    }),
    { numRuns: RUNS, seed: 20_240 },
  )
  assert.ok(served > 8 * RUNS, `${served} served in all`)
})

Deno.test('Any events in any order are survived, and no query is left inside', () => {
  const id = fc.constantFrom('a', 'b', 'c')
  const ref = fc.record({
    pipeline: fc.constantFrom('ocr', 'none'),
    task: fc.constantFrom('detect', 'read', 'none'),
    variant: fc.constantFrom('small', 'large', 'tiny', 'none'),
  })
  const slot = fc.integer({ min: -1, max: 3 })
  const batch = fc.integer({ min: 0, max: 12 })
  const number = fc.oneof(fc.double(), fc.integer({ min: -10, max: 5000 }))
  const outcome = fc.oneof(
    fc.record({
      ok: fc.constant(true as const),
      result: fc.constant(null),
      children: fc.constantFrom<{ [task: string]: unknown[] }>({}, { read: [1, 2] }, { none: [1] }),
    }),
    fc.record({
      ok: fc.constant(false as const),
      fatal: fc.boolean(),
      reason: fc.constantFrom('internal' as const, 'too_large' as const),
      message: fc.string(),
    }),
  )
  const event = fc.oneof(
    fc.record({
      type: fc.constant('query_arrived' as const),
      query: fc.constantFrom('q', 'r', 's', 't', 'u'),
      pipeline: fc.constantFrom('ocr', 'ocr', 'none'),
      deadlineMs: number,
      minAccuracy: fc.double(),
      payload: fc.constant(null),
    }, { requiredKeys: ['type', 'query', 'pipeline', 'deadlineMs', 'payload'] }),
    fc.record({ type: fc.constant('query_cancelled' as const), query: fc.constantFrom('q', 'r') }),
    fc.record({
      type: fc.constant('batch_finished' as const),
      batch,
      outcomes: fc.array(outcome, { maxLength: 9 }),
      computeMs: number,
      nodeQueueMs: number,
      networkMs: number,
    }),
    fc.record({ type: fc.constant('batch_failed' as const), batch, message: fc.string() }),
    fc.record({
      type: fc.constant('node_joined' as const),
      node: id,
      slots: fc.integer({ min: -1, max: 3 }),
      duty: number,
      able: fc.array(ref, { maxLength: 4 }),
    }),
    fc.record({
      type: fc.constant('node_reported' as const),
      node: id,
      paused: fc.boolean(),
      slots: fc.integer({ min: -1, max: 3 }),
      roundTripMs: number,
    }, { requiredKeys: ['type', 'node'] }),
    fc.record({ type: fc.constant('node_left' as const), node: id }),
    ref.chain((found) =>
      fc.record({
        type: fc.constant('instance_ready' as const),
        node: id,
        slot,
        pipeline: fc.constant(found.pipeline),
        task: fc.constant(found.task),
        variant: fc.constant(found.variant),
      })
    ),
    fc.record({ type: fc.constant('wake' as const) }),
  )
  fc.assert(
    fc.property(
      fc.array(fc.tuple(event, fc.integer({ min: 0, max: 400 })), { maxLength: 80 }),
      (steps) => {
        const scheduler = createScheduler({ pipelines: [ocr] })
        const able = refsOf(ocr)
        scheduler.handle({ type: 'node_joined', node: 'a', slots: 2, duty: 1, able }, 0)
        for (const ref of able) {
          scheduler.handle({ type: 'instance_ready', node: 'a', slot: 0, ...ref }, 0)
        }
        const answered = new Map<string, number>()
        let nowMs = 0
        for (const [step, laterMs] of steps) {
          nowMs += laterMs
          if (step.type === 'query_arrived') answered.delete(step.query)
          for (const command of scheduler.handle(step, nowMs)) {
            if (command.type === 'wake_at') assert.ok(command.atMs > nowMs, 'wakes in the past')
            if (command.type !== 'answer') continue
            answered.set(command.query, (answered.get(command.query) ?? 0) + 1)
          }
        }
        for (const count of answered.values()) assert.ok(count <= 2)
        scheduler.plan()
        scheduler.handle({ type: 'wake' }, Number.MAX_VALUE)
        assert.equal(scheduler.stats().pipelines.ocr!.inFlight, 0)
      },
    ),
    { numRuns: 300, seed: 5 },
  )
})

Deno.test('The same pool from the same seed runs the same, bit for bit, and from another differently', () => {
  fc.assert(
    fc.property(run.filter(({ nodes }) => nodes > 1), (given) => {
      const of = (seed: number) => {
        const { pool } = simulate({ ...given, seed })
        return JSON.stringify([pool.commands, pool.scheduler.stats(), pool.scheduler.plan()])
      }
      assert.equal(of(given.seed), of(given.seed))
      assert.notEqual(of(given.seed), of(given.seed + 1))
    }),
    { numRuns: few(1, 12), seed: 7 },
  )
})
