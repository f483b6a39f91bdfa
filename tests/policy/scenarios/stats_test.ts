/** Statistics of the pool: counts, states of nodes, and the plan. */
import assert from 'node:assert/strict'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import { asked, byHand, finished } from '../by_hand.ts'
import { commandsOf, ocr, refsOf } from '../fixtures.ts'
import { asks, asksMany, cancels, joins, play } from '../story.ts'

Deno.test('A node is active while it runs a batch and for a second after the last was sent to it', () => {
  const scheduler = byHand()
  const at = (nowMs: number) => {
    scheduler.handle({ type: 'wake' }, nowMs)
    const { state, batches, items, instances } = scheduler.stats().nodes.a!
    return [state, batches, items, instances]
  }
  assert.deepEqual(at(1), ['standby', 0, 0, 5])
  const [detect] = commandsOf(scheduler, asked('q', 60_000), 10, 'dispatch')
  assert.deepEqual(at(1500), ['active', 1, 1, 5])
  const ended = finished(detect!.batch, 1, ['x'])
  const [read] = commandsOf(scheduler, ended, 1600, 'dispatch')
  assert.deepEqual(at(1601), ['active', 2, 2, 5])
  scheduler.handle(finished(read!.batch), 1700)
  assert.deepEqual(at(2599), ['active', 2, 2, 5])
  assert.notEqual(at(2601)[0], 'active')
  scheduler.handle({ type: 'node_reported', node: 'a', paused: true }, 2602)
  assert.equal(at(2603)[0], 'paused')
})

Deno.test('Every query is counted once: in time, failed by reason, or cancelled', () => {
  const story = play({ children: 2 }, [
    [0, joins('a')],
    [1000, asksMany('q', 5, 100, 5000), asks('never', 5), asks('gone', 5000)],
    [1010, cancels('gone')],
  ], 7000)
  const { pipelines: { ocr: counts }, batchCloses } = story.scheduler.stats()
  const { arrived, onTime, failed, cancelled, accuracySum } = counts!
  assert.deepEqual({ arrived, onTime, failed, cancelled }, {
    ...{ arrived: 7, onTime: 5, failed: { infeasible_deadline: 1 }, cancelled: 1 },
  })
  assert.ok(Math.abs(accuracySum / onTime - story.accuracy()) < 1e-9)
  const closed = Object.values(batchCloses).reduce((sum, count) => sum + count, 0)
  assert.equal(closed, story.sent().length)
})

Deno.test('A plan requested before the first event does not stop the counting of demand', () => {
  const story = play({ children: 3 }, [
    [0, ({ scheduler }) => void [scheduler.plan(), scheduler.stats()], joins('a')],
    // The best path takes 0.3 s of the one slot: four per second are too many for it.
    [0, asksMany('q', 40, 250, 5000)],
  ], 10_000)
  const { mode, mix } = story.scheduler.plan()
  const best = mix.filter(({ path }) => path.join() === 'large,big')
  assert.notEqual(mode, 'hardware')
  assert.ok(best.every(({ share }) => share < 0.95), JSON.stringify(mix))
})

Deno.test('A pool without demand is not saturated while its nodes still measure', () => {
  const scheduler = createScheduler({ pipelines: [ocr] })
  scheduler.handle({ type: 'node_joined', node: 'a', slots: 1, duty: 1, able: refsOf(ocr) }, 0)
  for (let nowMs = 0; nowMs < 3000; nowMs += 100) scheduler.handle({ type: 'wake' }, nowMs)
  const idle = scheduler.plan()
  assert.equal(idle.mode, 'hardware')
  assert.match(idle.reason, /no demand/)
  for (let nowMs = 3000; nowMs < 6000; nowMs += 100) {
    scheduler.handle(asked(`q${nowMs}`, nowMs + 1000), nowMs)
  }
  // No node holds a variant yet: queries are refused, and the plan says so.
  assert.equal(scheduler.plan().mode, 'saturated')
  assert.match(scheduler.plan().reason, /refused/)
})

Deno.test('The plan reports its accuracy relative to the best possible', () => {
  const planAt = (everyMs: number) =>
    play({ children: 3 }, [
      [0, joins('a'), joins('b')],
      [500, asksMany('q', 15_000 / everyMs, everyMs, 3000)],
    ], 15_400).scheduler.plan()
  const light = planAt(1000)
  assert.equal(light.mode, 'hardware')
  assert.ok(light.gap < 0.005, `${light.gap}`)
  const heavy = planAt(60)
  assert.equal(heavy.mode, 'accuracy')
  assert.ok(heavy.gap > 0.005, `${heavy.gap}`)
  for (const { mix } of [light, heavy]) {
    const shares = mix.reduce((sum, { share }) => sum + share, 0)
    assert.ok(Math.abs(shares - 1) < 0.01, `${shares}`)
  }
})
