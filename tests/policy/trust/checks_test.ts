/** Checks: what they wait for, and which questions there are. */
import assert from 'node:assert/strict'
import { truthOf } from '../../../src/bench/trust/trust_lies.ts'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import type { ItemOutcome, PolicyEvent } from '../../../src/policy/core/types.ts'
import { createRandom } from '../../../src/sim/random.ts'
import { finished } from '../by_hand.ts'
import { refsOf, single } from '../fixtures.ts'
import { createScene } from './scene.ts'

/** Each query once. */
const inTurn = (...questions: string[]) => () => questions.shift()

Deno.test('a check on a silent node causes no wakes until its batch is given up', () => {
  const scheduler = createScheduler({
    pipelines: [single],
    trust: { random: createRandom(1), agree: () => true, question: inTurn('sample') },
  })
  let nextMs = 0
  let sentAtMs: number | undefined
  let lostAtMs: number | undefined
  /** Own nodes answer at once, the stranger never does. */
  function handle(event: PolicyEvent, atMs: number): void {
    for (const command of scheduler.handle(event, atMs)) {
      if (command.type === 'wake_at') nextMs = command.atMs
      if (command.type === 'cancel_batch' && command.node === 'stranger') lostAtMs = atMs
      if (command.type !== 'dispatch') continue
      if (command.node === 'stranger') sentAtMs ??= atMs
      else handle(finished(command.batch), atMs)
    }
  }
  const able = refsOf(single).slice(0, 1)
  const points = [{ batch: 1, latencyMs: 10_000 }]
  for (const node of ['own', 'stranger']) {
    handle({ type: 'node_joined', node, slots: 1, duty: 1, able, own: node === 'own' }, 0)
    handle({ type: 'node_reported', node, profile: able.map((ref) => ({ ...ref, points })) }, 0)
    for (const ref of able) handle({ type: 'instance_ready', node, slot: 0, ...ref }, 0)
  }
  let wakes = 0
  while (lostAtMs === undefined && ++wakes < 5000) handle({ type: 'wake' }, nextMs)
  assert.ok(sentAtMs !== undefined && lostAtMs !== undefined, `${wakes} wakes until ${nextMs} ms`)
  // Longer than a check is waited for.
  assert.ok(lostAtMs - sentAtMs > 35_000, `sent at ${sentAtMs}, lost at ${lostAtMs}`)
  assert.ok(wakes < 1000, `${wakes} wakes`)
})

/**
 * Questions that nodes get without any query; the pipeline may have been replaced before, by one with
 * other tasks too, and the own node paused.
 */
function askedOf(versions: number, pausedMs = 0, tasks = single.tasks): string[] {
  const scheduler = createScheduler({
    pipelines: [single],
    trust: { random: createRandom(1), agree: () => true, question: inTurn('one', 'two') },
  })
  let served = single
  for (let version = 2; version <= versions; version++) {
    const [old, pipeline] = [served.name, { ...single, tasks, name: `single~${version}` }]
    scheduler.handle({ type: 'pipeline_added', pipeline, replaces: old }, 0)
    scheduler.handle({ type: 'pipeline_followed', from: old, to: pipeline.name }, 0)
    scheduler.handle({ type: 'pipeline_removed', pipeline: old, into: pipeline.name }, 0)
    served = pipeline
  }
  const able = refsOf(served)
  const events: PolicyEvent[] = ['own', 'stranger'].flatMap((node): PolicyEvent[] => [
    { type: 'node_joined', node, slots: 1, duty: 1, able, own: node === 'own' },
    { type: 'node_reported', node, paused: node === 'own' && pausedMs > 0 },
    ...able.map((ref): PolicyEvent => ({ type: 'instance_ready', node, slot: 0, ...ref })),
  ])
  const asked: string[] = []
  for (let nowMs = 0; nowMs < pausedMs + 5000; nowMs += 100) {
    if (nowMs === pausedMs) events.push({ type: 'node_reported', node: 'own', paused: false })
    for (let event = events.shift(); event !== undefined; event = events.shift()) {
      for (const command of scheduler.handle(event, nowMs)) {
        if (command.type !== 'dispatch') continue
        const { batch, node, variant, items } = command
        asked.push(`${node} ${variant} ${items.map(({ payload }) => payload)}`)
        events.push(finished(batch))
      }
    }
    events.push({ type: 'wake' })
  }
  return asked
}

Deno.test('image questions use the pipeline version in service', () => {
  const asked = askedOf(1)
  assert.ok(asked.some((one) => one.startsWith('stranger')), `${asked}`)
  assert.deepEqual(askedOf(3), asked)
})

Deno.test('image questions are not asked of a version that takes tensors', () => {
  const takes = { x: { type: 'float32', shape: [4] } }
  assert.deepEqual(askedOf(2, 0, { find: { ...single.tasks['find']!, takes } }), [])
})

Deno.test('a paused own node gets no checks', () => {
  const scene = createScene()
  scene.node('own', { own: true })
  scene.node('a')
  scene.node('b')
  scene.wait(500)
  scene.pause('own', true)
  scene.ask(5)
  scene.wait(4000)
  assert.deepEqual(scene.violations, [])
  assert.deepEqual([...scene.answers.values()].map(([one]) => one!.answer.ok), Array(5).fill(true))
})

Deno.test("a check's batch carries the earlier outcomes, so that child items are encoded alike", () => {
  const scene = createScene()
  scene.node('a')
  scene.node('b')
  scene.wait(500)
  scene.ask(1)
  scene.wait(4000)
  let asked = 0
  for (const { like, items, pipeline, task, variant } of scene.dispatched()) {
    const isCheck = items.every(({ query }) => query === '')
    const said = items.map(({ payload }) => truthOf(payload, { pipeline, task, variant }))
    assert.deepEqual(like, isCheck ? said : undefined)
    if (isCheck) asked++
  }
  assert.ok(asked > 1, `${asked}`)
})

Deno.test('a slot that was freed and removed within the same moment gets no check', () => {
  const scheduler = createScheduler({
    pipelines: [single],
    trust: { random: createRandom(1), agree: () => true },
  })
  const able = refsOf(single)
  const sent: string[] = []
  const running = new Map<string, number>()
  const tell = (event: PolicyEvent, nowMs: number, more = false) => {
    for (const command of scheduler.handle(event, nowMs, more)) {
      if (command.type !== 'dispatch') continue
      const place = `${command.node} ${command.slot}`
      sent.push(place)
      running.set(place, command.batch)
    }
  }
  // A node that rests after each batch is sent nothing ahead.
  for (const [node, slots, duty] of [['a', 2, 0.99], ['b', 1, 1]] as const) {
    tell({ type: 'node_joined', node, slots, duty, able }, 0)
    for (let slot = 0; slot < slots; slot++) {
      for (const ref of able) tell({ type: 'instance_ready', node, slot, ...ref }, 0)
    }
  }
  for (const query of ['x', 'y', 'z']) {
    const asked = { query, pipeline: 'single', deadlineMs: 180, payload: query }
    tell({ type: 'query_arrived', ...asked }, 1)
  }
  assert.deepEqual(sent.splice(0).sort(), ['a 0', 'a 1', 'b 0'])
  // The result of this node waits for the other one, which is busy.
  tell({ ...finished(running.get('b 0')!), computeMs: 20 } as PolicyEvent, 20)
  tell({ ...finished(running.get('a 1')!), computeMs: 0 } as PolicyEvent, 21, true)
  tell({ type: 'node_reported', node: 'a', slots: 1 }, 21)
  assert.deepEqual(sent, ['b 0'])
})

Deno.test('missing outcomes, and failures of the node, are no votes', () => {
  const failed = { ok: false, fatal: false, reason: 'internal', message: 'no' } as const
  for (const atChecks of [true, false]) {
    for (const outcomes of [[], [failed]]) {
      const scheduler = createScheduler({
        pipelines: [single],
        trust: { random: createRandom(1), agree: () => true },
      })
      const able = refsOf(single)
      const events: PolicyEvent[] = ['a', 'b'].flatMap((node): PolicyEvent[] => [
        { type: 'node_joined', node, slots: 1, duty: 1, able },
        ...able.map((ref): PolicyEvent => ({ type: 'instance_ready', node, slot: 0, ...ref })),
      ])
      const query = { query: 'q', pipeline: 'single', deadlineMs: 10_000, payload: null }
      events.push({ type: 'query_arrived', ...query })
      let [checks, answers] = [0, 0]
      for (let nowMs = 0; nowMs < 12_000; nowMs += 10) {
        for (let event = events.shift(); event !== undefined; event = events.shift()) {
          for (const command of scheduler.handle(event, nowMs)) {
            if (command.type === 'answer') answers++
            if (command.type !== 'dispatch') continue
            assert.equal(command.items.length, 1)
            const isCheck = command.items[0]!.query === ''
            if (isCheck) checks++
            const ended = finished(command.batch)
            events.push(isCheck === atChecks ? { ...ended, outcomes } as PolicyEvent : ended)
          }
        }
        events.push({ type: 'wake' })
      }
      assert.equal(checks > 0, atChecks)
      assert.equal(answers, 1)
      const words = Object.values(scheduler.stats().nodes).map(({ trust }) => trust)
      assert.deepEqual(words.map((word) => [word?.passed, word?.failed]), [[0, 0], [0, 0]])
    }
  }
})

Deno.test('a node that answers a check with an impossible result is quarantined, and no other node', () => {
  const scheduler = createScheduler({
    pipelines: [single],
    trust: {
      random: createRandom(1),
      agree: () => true,
      faultOf: (_, outcome) => outcome.ok && outcome.result === 'bad' ? 'impossible' : undefined,
    },
  })
  const able = refsOf(single)
  const events: PolicyEvent[] = ['a', 'b', 'c'].flatMap((node): PolicyEvent[] => [
    { type: 'node_joined', node, slots: 1, duty: 1, able },
    ...able.map((ref): PolicyEvent => ({ type: 'instance_ready', node, slot: 0, ...ref })),
  ])
  const query = { query: 'q', pipeline: 'single', deadlineMs: 10_000, payload: null }
  events.push({ type: 'query_arrived', ...query })
  let bad: string | undefined
  let served: boolean | undefined
  for (let nowMs = 0; nowMs < 12_000; nowMs += 10) {
    for (let event = events.shift(); event !== undefined; event = events.shift()) {
      for (const command of scheduler.handle(event, nowMs)) {
        if (command.type === 'answer') served = command.answer.ok
        if (command.type !== 'dispatch') continue
        const { batch, node, items } = command
        // The first node that is asked.
        if (items[0]!.query === '') bad ??= node
        const result = items[0]!.query === '' && node === bad ? 'bad' : 'good'
        const outcomes = [{ ok: true, result, children: {} }]
        events.push({ ...finished(batch), outcomes } as PolicyEvent)
      }
    }
    events.push({ type: 'wake' })
  }
  assert.equal(served, true)
  for (const [node, { trust }] of Object.entries(scheduler.stats().nodes)) {
    assert.equal(trust!.standing, node === bad ? 'quarantined' : 'proving', node)
  }
})

Deno.test('no wakes follow once all nodes that needed checks have left', () => {
  const scheduler = createScheduler({
    pipelines: [single],
    trust: { random: createRandom(1), agree: () => true },
  })
  let nextMs: number | undefined
  const tell = (event: PolicyEvent, nowMs: number) => {
    nextMs = undefined
    for (const command of scheduler.handle(event, nowMs)) {
      if (command.type === 'wake_at') nextMs = command.atMs
    }
  }
  tell({ type: 'node_joined', node: 'a', slots: 1, duty: 1, able: refsOf(single) }, 0)
  tell({ type: 'node_left', node: 'a' }, 1000)
  let wakes = 0
  while (nextMs !== undefined && wakes < 1000) {
    wakes++
    tell({ type: 'wake' }, nextMs)
  }
  assert.ok(wakes < 100, `${wakes} wakes until ${nextMs} ms`)
})

Deno.test('questions are kept until a node is present that can answer them', () => {
  assert.deepEqual(askedOf(1, 3000).toSorted(), askedOf(1).toSorted())
})

Deno.test('an item that a node gave up is given to no other node, and counts against none', () => {
  const scheduler = createScheduler({
    pipelines: [single],
    trust: { random: createRandom(1), agree: () => false, question: () => undefined },
  })
  const sent: string[] = []
  const failed: string[] = []
  function handle(event: PolicyEvent, atMs: number): void {
    for (const command of scheduler.handle(event, atMs)) {
      if (command.type === 'answer' && !command.answer.ok) failed.push(command.answer.reason)
      if (command.type !== 'dispatch') continue
      sent.push(command.node)
      const outcomes = command.items.map((): ItemOutcome => ({
        ...{ ok: false, fatal: true, excused: true, reason: 'too_large', message: 'given up' },
      }))
      handle({ ...finished(command.batch), outcomes } as PolicyEvent, atMs)
    }
  }
  const able = refsOf(single).slice(0, 1)
  for (const node of ['one', 'two', 'three']) {
    handle({ type: 'node_joined', node, slots: 1, duty: 1, able }, 0)
    for (const ref of able) handle({ type: 'instance_ready', node, slot: 0, ...ref }, 0)
  }
  const trustOf = () =>
    Object.values(scheduler.stats().nodes).map(({ trust }) => [trust!.failed, trust!.standing])
  const before = trustOf()
  handle({
    ...{ type: 'query_arrived', query: 'q', pipeline: single.name, payload: 'poison' },
    deadlineMs: 10_000,
  }, 1)
  for (let atMs = 2; atMs < 5000; atMs += 100) handle({ type: 'wake' }, atMs)
  assert.deepEqual(failed, ['too_large'])
  assert.equal(sent.length, 1)
  assert.deepEqual(trustOf(), before)
})
