/** Loading pools: which queries wait for which loads, and for how long. */
import assert from 'node:assert/strict'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import type { PolicyCommand, PolicyEvent } from '../../../src/policy/core/types.ts'
import { ocr, refsOf } from '../fixtures.ts'
import { asks, asksMany, joins, only, play, type Scene } from '../story.ts'

const BEST = { detect: { large: 1 }, read: { big: 2 } }
const QUICKEST = { detect: { small: 1 }, read: { tiny: 2 } }

Deno.test('A loading pool refuses with a shorter retry time than an empty one', () => {
  const story = play({}, [
    [0, asks('empty', 5000), joins('a', { loadMs: 60_000 }), asks('loading', 1000)],
  ], 10)
  const [empty, loading] = ['empty', 'loading'].map((query) => story.refused(query))
  assert.equal(loading!.reason, 'no_capable_node')
  assert.ok(loading!.retryAfterMs! < empty!.retryAfterMs!)
})

Deno.test('A query that comes while the first variants are loading waits for them', () => {
  const story = play({ children: 2 }, [
    [0, joins('a', { loadMs: 100 }), asks('early', 5000), asks('hurried', 150)],
  ], 6000)
  assert.equal(story.refused('hurried').reason, 'no_capable_node')
  assert.deepEqual(story.served('early').path, BEST)
})

Deno.test('Only a few of many queries wait while the first variants are loading', () => {
  const story = play({ children: 2 }, [
    [0, joins('a', { loadMs: 100 }), asksMany('q', 100, 0, 6000)],
  ], 7000)
  const { served, refused, lost } = story.tally()
  // It is not known yet how many can be served once the variant is loaded.
  assert.ok(served > 4 && served < 40, `${served}`)
  assert.deepEqual([refused, lost], [100 - served, 0])
  // Ten nodes that load have ten times as many wait.
  const nodes = Array.from({ length: 10 }, (_, i) => joins(`n${i}`, { loadMs: 100 }))
  const ten = play({ children: 2 }, [[0, ...nodes, asksMany('q', 1000, 0, 6000)]], 7000).tally()
  assert.ok(ten.served > 5 * served, `${ten.served} with ten nodes, ${served} with one`)
  assert.equal(ten.lost, 0)
})

Deno.test('A query that waits in vain for a load fails with node_failed at its deadline', () => {
  const story = play({}, [[0, joins('a', { loadMs: 60_000 }), asks('q', 5000)]], 6000)
  const { atMs, reason } = story.failed('q')
  assert.equal(reason, 'node_failed')
  assert.equal(atMs, 5000)
})

/** One node holds the quickest variants; another has just begun to load, the best first. */
function withStronger(
  given: Parameters<typeof joins>[1],
  ...happens: ReturnType<typeof asks>[]
): Scene {
  return play({ children: 2 }, [
    [0, joins('weak', { able: only(ocr, 'small', 'tiny') })],
    [1000, joins('strong', { loadMs: 700, ...given }), ...happens],
  ], 62_000)
}

Deno.test('A query waits for the best variants while its deadline leaves time for their loads', () => {
  const story = withStronger({}, asksMany('q', 3, 0, 8000))
  for (let i = 0; i < 3; i++) assert.deepEqual(story.served(`q${i}`).path, BEST)
})

Deno.test('A query without time for loads is answered at once with loaded variants', () => {
  const { path, tookMs } = withStronger({}, asks('q', 900)).served('q')
  assert.deepEqual(path, QUICKEST)
  assert.ok(tookMs < 200, `${tookMs} ms`)
})

Deno.test('A query is in time even if loads take much longer than it has', () => {
  const { path } = withStronger({ loadMs: 60_000 }, asks('q', 8000)).served('q')
  assert.deepEqual(path, QUICKEST)
})

Deno.test('No query waits any longer for a variant that could not be loaded', () => {
  const { path, tookMs } = withStronger({ faults: { loadFailRatio: 1 } }, asks('q', 60_000)).served(
    'q',
  )
  assert.deepEqual(path, QUICKEST)
  assert.ok(tookMs < 9000, `${tookMs} ms`)
})

Deno.test('Loaded variants serve if more queries are inside than could wait for loads', () => {
  const story = withStronger({}, asksMany('q', 40, 0, 8000))
  assert.equal(story.tally().served, 40)
  assert.ok(story.served('q0').tookMs < 700)
})

Deno.test("A batch that ran beside a load teaches nothing about its variant's latency", () => {
  const scheduler = createScheduler({ pipelines: [ocr] })
  const detect = refsOf(ocr).filter(({ task }) => task === 'detect')
  const commands: PolicyCommand[] = []
  const post = (event: PolicyEvent, atMs: number) =>
    void commands.push(...scheduler.handle(event, atMs))
  const expected = () => commands.flatMap((c) => c.type === 'dispatch' ? [c.expectedMs] : [])
  const able = refsOf(ocr)
  post({ type: 'node_joined', node: 'a', slots: 1, duty: 1, able }, 0)
  const profile = detect.map((ref) => ({ ...ref, points: [{ batch: 1, latencyMs: 50 }] }))
  post({ type: 'node_reported', node: 'a', profile }, 0)
  for (const ref of able) {
    if (ref.variant === 'large' || ref.task === 'read') {
      post({ type: 'instance_ready', node: 'a', slot: 0, ...ref }, 0)
    }
  }
  assert.ok(commands.some((c) => c.type === 'load' && c.variant === 'small'), 'still to be loaded')
  for (let i = 0; i < 10; i++) {
    const atMs = 1000 * (i + 1)
    post({
      ...{ type: 'query_arrived', query: `q${i}`, pipeline: 'ocr', payload: null },
      deadlineMs: atMs + 5000,
    }, atMs)
    const batch = commands.findLast((c) => c.type === 'dispatch')!
    if (batch.type !== 'dispatch') throw new Error('nothing was dispatched')
    post({
      ...{ type: 'batch_finished', batch: batch.batch, nodeQueueMs: 0, networkMs: 0 },
      outcomes: [{ ok: true, result: null, children: {} }],
      computeMs: 100,
    }, atMs + 100)
  }
  assert.equal(expected().length, 10)
  assert.equal(expected().at(-1), expected()[0])
})
