/** Hedges: late batches are started again on another node; the first result counts. */
import assert from 'node:assert/strict'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import type { PolicyEvent } from '../../../src/policy/core/types.ts'
import { finished } from '../by_hand.ts'
import { commandsOf, refsOf, single } from '../fixtures.ts'
import { few } from '../../exhaustive.ts'
import { createScene, refs } from '../trust/scene.ts'

const straggling = (hedge: boolean) => {
  const scene = createScene({ trust: false, hedge })
  let stuck = false
  scene.node('a', { latencyMs: () => stuck ? 1800 : 40 })
  scene.node('b', { latencyMs: () => 90 })
  scene.wait(500)
  scene.ask(30)
  stuck = true
  const fromMs = scene.time.nowMs
  scene.ask(2, 4000)
  const last = [...scene.answers].slice(-2).map(([, [first]]) => first!)
  return { scene, tookMs: last[0]!.atMs - fromMs, answers: last }
}

Deno.test('A batch later than its upper latency is done by another node in time', () => {
  const { scene, tookMs, answers } = straggling(true)
  const without = straggling(false)
  assert.ok(tookMs < without.tookMs - 500, `${tookMs} and ${without.tookMs} ms`)
  for (const { answer } of answers) assert.ok(answer.ok)
  for (const [query, all] of scene.answers) assert.equal(all.length, 1, query)
  assert.ok(scene.scheduler.stats().extra!.hedges > 0)
  assert.deepEqual(scene.violations, [])
})

Deno.test('Hedges stay a small share of batches, however many are late', () => {
  const scene = createScene({ trust: false, hedge: true })
  let serial = 0
  // One in three takes ten times as long.
  for (const id of ['a', 'b', 'c', 'd']) {
    scene.node(id, { latencyMs: () => serial++ % 3 === 0 ? 400 : 40 })
  }
  scene.wait(500)
  scene.ask(200, 100)
  scene.wait(5000)
  const hedged = scene.scheduler.stats().extra!.hedges
  const sent = scene.dispatched().reduce((sum, { items }) => sum + items.length, 0)
  assert.ok(hedged > 0 && hedged <= 0.06 * sent, `${hedged} of ${sent}`)
  for (const [query, all] of scene.answers) assert.equal(all.length, 1, query)
  assert.deepEqual(scene.violations, [])
})

Deno.test('A batch is done by a third node if its node and the node of its hedge lose it', () => {
  const scene = createScene({ trust: false, hedge: true })
  let stuck = false
  for (const id of ['a', 'b']) scene.node(id, { latencyMs: () => stuck ? 1500 : 40 })
  scene.wait(500)
  scene.ask(20)
  stuck = true
  scene.ask(1, 600)
  assert.ok(scene.scheduler.stats().extra!.hedges > 0)
  scene.node('c', { latencyMs: () => 60 })
  scene.wait(50)
  scene.leave('a')
  scene.leave('b')
  scene.wait(4000)
  const [first, ...more] = [...scene.answers].at(-1)![1]
  assert.ok(first!.answer.ok)
  assert.deepEqual(more, [])
  assert.deepEqual(scene.violations, [])
})

Deno.test('A batch on a hanging node is hedged while others wait, and no query is lost', () => {
  // Some gaps coincide with the interval of looking for free slots.
  for (const gapMs of [25, 30, 40, 50]) {
    for (let seed = 1; seed <= few(2, 8); seed++) {
      const scene = createScene({ trust: false, hedge: true, seed })
      let hangs = false
      scene.node('a', { latencyMs: (_, batch) => hangs ? 60_000 : 20 + 4 * batch })
      for (const id of ['b', 'c']) scene.node(id, { latencyMs: (_, batch) => 20 + 4 * batch })
      scene.wait(500)
      // The other two have work for most of their time, so items wait often.
      scene.ask(100 + 7 * seed, gapMs, 1000)
      hangs = true
      scene.ask(100, gapMs, 1000)
      scene.wait(5000)
      const failed = [...scene.answers].filter(([, [first]]) => !first!.answer.ok)
      assert.deepEqual(failed, [], `one in ${gapMs} ms, seed ${seed}`)
      assert.deepEqual(scene.violations, [])
    }
  }
})

Deno.test('Batches behind a hanging one go elsewhere, even if no other node can run that one', () => {
  for (const gapMs of [30, 40]) {
    for (let seed = 1; seed <= few(5, 10); seed++) {
      const scene = createScene({ trust: false, hedge: true, seed })
      let hangs = false
      scene.node('a', { latencyMs: (_, batch) => hangs ? 60_000 : 20 + 4 * batch })
      // It cannot run the more accurate variant, so a batch of that is hedged nowhere.
      const able = refs.filter(({ variant }) => variant === 'small')
      scene.node('b', { able, latencyMs: (_, batch) => 20 + 4 * batch })
      scene.wait(500)
      scene.ask(60 + seed, gapMs, 1000)
      hangs = true
      scene.ask(1, gapMs, 1000)
      scene.wait(3000)
      const failed = [...scene.answers].filter(([, [first]]) => !first!.answer.ok).map(([id]) => id)
      const ofOne = scene.dispatched().some(({ node, items }) =>
        node === 'a' && failed.every((id) => items.some(({ query }) => query === id))
      )
      assert.ok(ofOne, `one in ${gapMs} ms, seed ${seed}: ${failed.join(' ')}`)
      assert.deepEqual(scene.violations, [])
    }
  }
})

const SEEDS = few(12, 48)

Deno.test('A hanging batch is hedged in time for the tasks that follow, while others wait', () => {
  let begunAgain = 0
  let answered = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const scene = createScene({ trust: false, hedge: true, seed })
    let hanging: string | undefined
    let next = false
    for (const id of ['a', 'b', 'c']) {
      scene.node(id, {
        latencyMs({ task }, batch) {
          if (next && task === 'detect') [next, hanging] = [false, id]
          return hanging === id ? 60_000 : (task === 'detect' ? 40 : 12) + 4 * batch
        },
      })
    }
    scene.wait(500)
    scene.ask(60, 40 + seed, 2000)
    // So many come at once that items wait for a second; all have more time than later queries.
    scene.ask(40, 0, 5000)
    scene.wait(5 * (seed % 12))
    next = true
    scene.ask(1, 1, 300)
    const urgent = 'q100'
    scene.wait(3000)
    const times = scene.dispatched().filter(({ task, items }) =>
      task === 'detect' && items.some(({ query }) =>
        query === urgent
      )
    ).length
    assert.deepEqual(scene.violations, [])
    if (times < 2) continue
    begunAgain++
    if (scene.answers.get(urgent)![0]!.answer.ok) answered++
  }
  assert.ok(begunAgain >= 0.4 * SEEDS, `${begunAgain} of ${SEEDS}`)
  // The following tasks wait for running batches, and a third has no time for that; hedged half as late
  // again, all of them would be late.
  assert.ok(answered >= 0.5 * begunAgain, `${answered} of ${begunAgain}`)
})

/** Two nodes, one of which gets a query. */
function pair() {
  const scheduler = createScheduler({ pipelines: [single], hedge: true })
  const able = refsOf(single)
  for (const node of ['a', 'b']) {
    scheduler.handle({ type: 'node_joined', node, slots: 1, duty: 1, able }, 0)
    for (const ref of able) {
      scheduler.handle({ type: 'instance_ready', node, slot: 0, ...ref }, 0)
    }
  }
  return scheduler
}

Deno.test('Cancelling a query cancels its batch and the hedge of it', () => {
  const scheduler = pair()
  const sent: { node: string; batch: number }[] = []
  let nextMs = 10
  const asked = {
    type: 'query_arrived',
    ...{ query: 'q', pipeline: 'single', deadlineMs: 60_000, payload: 'q' },
  } as const
  for (let event: PolicyEvent = asked; sent.length < 2; event = { type: 'wake' }) {
    for (const command of scheduler.handle(event, nextMs)) {
      if (command.type === 'wake_at') nextMs = command.atMs
      if (command.type === 'dispatch') sent.push({ node: command.node, batch: command.batch })
    }
  }
  const gone = { type: 'query_cancelled', query: 'q' } as const
  const told = commandsOf(scheduler, gone, nextMs, 'cancel_batch')
  const byNode = (a: { node: string }, b: { node: string }) => a.node < b.node ? -1 : 1
  assert.deepEqual(
    told.map(({ node, batch }) => ({ node, batch })).sort(byNode),
    sent.sort(byNode),
  )
})

Deno.test('A result that was travelling when its batch was given up counts, despite a hedge', () => {
  const scheduler = pair()
  const asked = {
    type: 'query_arrived',
    ...{ query: 'q', pipeline: 'single', deadlineMs: 60_000, payload: 'q' },
  } as const
  const sent: number[] = []
  let nextMs = 10
  let givenUp = false
  for (let event: PolicyEvent = asked; !givenUp && nextMs < 50_000; event = { type: 'wake' }) {
    const atMs = nextMs
    for (const command of scheduler.handle(event, atMs)) {
      if (command.type === 'wake_at') nextMs = command.atMs
      if (command.type === 'dispatch') sent.push(command.batch)
      if (command.type === 'cancel_batch') givenUp = command.batch === sent[0]
    }
  }
  assert.equal(givenUp, true)
  assert.equal(sent.length, 2)
  const [answer] = commandsOf(scheduler, finished(sent[0]!), nextMs, 'answer')
  assert.equal(answer?.answer.ok, true)
})
