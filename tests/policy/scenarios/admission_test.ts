/** Admission: which queries are admitted, and how others are answered. */
import assert from 'node:assert/strict'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import { asked, byHand } from '../by_hand.ts'
import { commandsOf, nodeOf, ocr, single } from '../fixtures.ts'
import { asks, asksMany, joins, play, tells } from '../story.ts'

Deno.test('A query to an empty pool is refused with a retry time', () => {
  const story = play({}, [[0, asks('q', 5000)]], 10)
  const { reason, retryAfterMs } = story.refused('q')
  assert.equal(reason, 'no_capable_node')
  assert.ok(retryAfterMs! > 0)
})

Deno.test('A query of an unknown pipeline is refused for good', () => {
  const story = play({}, [[0, joins('a')], [1000, asks('q', 5000, { of: 'speech' })]], 2000)
  const { reason, retryAfterMs } = story.refused('q')
  assert.equal(reason, 'no_capable_node')
  assert.equal(retryAfterMs, undefined)
})

Deno.test('A query with too little time for an idle pool is refused at once, for good', () => {
  for (const withinMs of [20, -5]) {
    const story = play({}, [[0, joins('a')], [1000, asks('q', withinMs)]], 2000)
    const { reason, retryAfterMs } = story.refused('q')
    assert.equal(reason, 'infeasible_deadline')
    assert.equal(retryAfterMs, undefined)
  }
})

Deno.test('A query whose time had passed on arrival may be tried again', () => {
  const story = play({}, [[0, joins('a')], [
    1000,
    ({ simulation, asked, nowMs }) => {
      asked.set('q', { atMs: nowMs, deadlineMs: nowMs + 20, minAccuracy: undefined })
      simulation.post({
        ...{ type: 'query_arrived', query: 'q', pipeline: 'ocr', payload: null },
        ...{ timeoutMs: 5000, deadlineMs: nowMs + 20 },
      })
    },
  ]], 2000)
  const { reason, retryAfterMs } = story.refused('q')
  assert.equal(reason, 'infeasible_deadline')
  assert.ok(retryAfterMs! > 0)
})

Deno.test('A query that is late only because of the backlog may be tried again', () => {
  const story = play({ children: 2 }, [
    [0, joins('a')],
    [1000, asksMany('long', 40, 0, 60_000), asksMany('short', 40, 0, 400)],
  ], 70_000)
  const { reason, retryAfterMs } = story.refused('short39')
  assert.equal(reason, 'infeasible_deadline')
  assert.ok(retryAfterMs! > 0)
})

Deno.test('A query that is repeated at each retry time is served soon', () => {
  const story = play({ children: 2 }, [
    [0, joins('a')],
    [1000, asksMany('first', 60, 0, 1500)],
  ], 1010)
  let { retryAfterMs } = story.refused('first59')
  for (let i = 0, atMs = 1000; atMs < 4000; i++) {
    atMs += retryAfterMs!
    story.go(atMs + 1, [[atMs, asks(`again${i}`, 1500)]])
    if (story.isOpen(`again${i}`)) {
      story.go(atMs + 1600)
      story.served(`again${i}`)
      return
    }
    retryAfterMs = story.refused(`again${i}`).retryAfterMs
  }
  assert.fail('it was never let in')
})

Deno.test('A full queue admits no query until some have left', () => {
  const story = play({ children: 2, limits: { maxQueries: 3 } }, [
    [0, joins('a')],
    [1000, asksMany('q', 4, 0, 10_000)],
    [20_000, asks('later', 5000)],
  ], 30_000)
  const { reason, retryAfterMs } = story.refused('q3')
  assert.equal(reason, 'queue_full')
  assert.ok(retryAfterMs! > 0)
  for (const query of ['q0', 'q1', 'q2', 'later']) story.served(query)
})

Deno.test('A query whose items find no room is answered queue_full, and leaves nothing behind', () => {
  const story = play({ children: 50, limits: { maxItemsPerTask: 20 } }, [
    [0, joins('a')],
    [1000, asks('q', 5000)],
  ], 6000)
  assert.equal(story.failed('q').reason, 'queue_full')
  assert.equal(story.sent().length, 1)
})

Deno.test('A second query with the id of one inside changes nothing', () => {
  const scheduler = byHand()
  assert.equal(commandsOf(scheduler, asked('q', 5000), 1, 'dispatch').length, 1)
  const again = scheduler.handle(asked('q', 5000), 2)
  assert.deepEqual(again.filter(({ type }) => type !== 'wake_at'), [])
})

Deno.test('A scheduler rejects pipelines of one name and invalid limits', () => {
  assert.throws(() => createScheduler({ pipelines: [ocr, ocr] }), RangeError)
  assert.throws(() => createScheduler({ pipelines: [ocr], limits: { maxBatch: 0 } }), RangeError)
})

/** Slot ms of the quickest path of a query with four children. */
const WORK_MS = 40 + 4 * 5

for (const nodes of [3, 8, 20]) {
  Deno.test(`A burst fills the time of ${nodes} nodes, and the other queries are refused at once`, () => {
    const story = play({ children: 4 }, [
      [0, ...Array.from({ length: nodes }, (_, i) => joins(`n${i}`))],
      // At low demand most nodes rest until the burst comes.
      [1000, asksMany('before', 10, 500, 2000)],
      [9000, asksMany('burst', 100 * nodes, 0, 2000)],
    ], 20_000)
    const { served, lost } = story.tally('burst')
    assert.ok(served > 0.75 * nodes * 2000 / WORK_MS, `${served} served`)
    assert.ok(lost <= served / 100, `${lost} lost of ${served}`)
    for (let i = 0; i < 100 * nodes; i++) {
      const answer = story.simulation.answers.get(`burst${i}`)![0]!.answer
      if (!answer.ok) {
        assert.ok(['infeasible_deadline', 'deadline_exceeded'].includes(answer.reason))
      }
    }
  })
}

Deno.test('A pool admits as many queries right after loading as later', () => {
  const refused = (atMs: number) =>
    play({ children: 4 }, [
      [0, joins('a'), joins('b'), joins('c')],
      [atMs, asksMany('q', 300, 0, 2000)],
    ], atMs + 3000).tally().refused
  const [soon, later] = [refused(100), refused(8000)]
  assert.ok(Math.abs(soon - later) <= 0.02 * later, `${soon} and ${later}`)
})

Deno.test('Overload is refused on arrival, and admitted queries are answered in time', () => {
  const story = play({ seed: 5 }, [
    [0, joins('a', { latencyCv: 0.1 })],
    [500, asksMany('q', 1200, 25, 2000)],
  ], 30_500)
  assert.equal(story.scheduler.plan().mode, 'saturated')
  story.go(40_000)
  const { served, lost, asked } = story.tally()
  assert.ok(served > 0.9 * 30 * 1000 / WORK_MS, `${served} served`)
  assert.ok(lost < 0.01 * asked, `${lost} lost`)
})

Deno.test('A query with little time is admitted while slots come free one by one', () => {
  const nodes = Array.from({ length: 16 }, (_, i) => joins(`n${i}`))
  const story = play({ children: 1 }, [
    [0, ...nodes],
    [1000, asks('none', 1), asksMany('long', 64, 20, 60_000)],
    // Each slot has a batch, begun at another time. The quickest path takes 40 + 5 ms, plus network time.
    [1000 + 64 * 20, asks('in vain', 40), asks('urgent', 150)],
  ], 61_500)
  assert.equal(story.refused('in vain').reason, 'infeasible_deadline')
  story.served('urgent')
})

/** Nodes that are `times` as slow at first; returns the answers to queries that came one by one. */
function heldUp(times: number, withinMs: number, count: number) {
  let held = true
  const latencyMs = (_: unknown, batch: number) => (held ? times : 1) * 10 * batch
  const story = play({ children: 1 }, [
    [0, joins('a', { latencyMs }), joins('b', { latencyMs })],
    [500, asksMany('held', 20, 700, 60_000)],
    [74_000, () => held = false],
    [74_500, asksMany('after', count, 100, withinMs)],
  ], 74_500 + count * 100 + 2 * withinMs)
  return Array.from({ length: count }, (_, i) => {
    const { answer } = story.simulation.answers.get(`after${i}`)![0]!
    return answer.ok ? 'ok' : answer.reason
  })
}

Deno.test('Nodes that were slow for some seconds are tried again, though all queries are refused', () => {
  for (const [times, withinMs] of [[30, 400], [100, 400], [400, 4000]] as const) {
    const said = heldUp(times, withinMs, 120)
    const first = said.indexOf('ok')
    // For some seconds, a query each tenth of a second.
    assert.ok(first >= 0 && first <= 40, `${times} times: ${first} of ${said.length}`)
    assert.deepEqual(said.slice(first).filter((one) => one !== 'ok'), [], `${times} times`)
  }
})

Deno.test('A query that no node can do in time is refused, whatever was slow before', () => {
  assert.deepEqual(new Set(heldUp(30, 5, 200)), new Set(['infeasible_deadline']))
})

Deno.test('Pages full of lines do not make the pool refuse all later queries', () => {
  let lines = 3000
  const latencyMs = nodeOf('a', [ocr]).latencyMs
  const story = play({ children: () => lines }, [
    [0, joins('a', { latencyMs })],
    [500, asksMany('full', 12, 2000, 4000)],
    [30_000, () => lines = 4],
    [30_500, asksMany('usual', 40, 1000, 5000)],
  ], 80_000)
  for (let i = 30; i < 40; i++) story.served(`usual${i}`)
})

Deno.test('A query that comes while all slots rest is told when one may begin', () => {
  const story = play({ pipelines: [single] }, [
    [0, joins('a', { duty: 0.1, slowness: 5, networkMs: 0 })],
    [1000, asks('first', 1000)],
    [2000, asks('second', 1000)],
  ], 2010)
  // It ran for a tenth of the rest that has to pass.
  const againMs = 1000 + 10 * story.served('first').tookMs
  const { reason, retryAfterMs } = story.refused('second')
  assert.equal(reason, 'infeasible_deadline')
  // By then it has time for the quickest path, and the retry time is no later than that.
  const retryAtMs = 2000 + retryAfterMs!
  assert.ok(againMs < retryAtMs + 1000 && retryAtMs <= againMs, `${retryAtMs} and ${againMs}`)
  story.go(retryAtMs + 2000, [[retryAtMs, asks('third', 1000)]])
  story.served('third')
})

Deno.test('A draining pool refuses new queries for good and answers those inside', () => {
  const story = play({ children: 2 }, [
    [0, joins('a')],
    [1000, asks('inside', 5000), tells({ type: 'drain' }), asks('late', 5000)],
  ], 7000)
  const { reason, retryAfterMs } = story.refused('late')
  assert.equal(reason, 'draining')
  assert.equal(retryAfterMs, undefined)
  story.served('inside')
})
