/** Nodes that join, leave, pause, and grow. */
import assert from 'node:assert/strict'
import { ocr, refsOf } from '../fixtures.ts'
import {
  asks,
  asksAtRandom,
  asksMany,
  joins,
  leaves,
  pauses,
  play,
  resumes,
  tells,
} from '../story.ts'

Deno.test('A batch on a node that left is done by another node', () => {
  const story = play({ children: 2 }, [
    [0, joins('a')],
    [500, asks('q', 5000), joins('b')],
    [600, leaves('a')],
  ], 6000)
  const { stages } = story.served('q')
  assert.deepEqual([...new Set(stages.map(({ node }) => node))], ['b'])
})

Deno.test('Queries of a pool whose last node left wait for another until their deadline', () => {
  const story = play({ children: 1 }, [
    [0, joins('a')],
    [500, asks('saved', 5000), asks('lost', 1000)],
    [550, leaves('a')],
    [2000, joins('b')],
  ], 10_000)
  story.served('saved')
  const { reason, atMs } = story.failed('lost')
  assert.equal(reason, 'node_failed')
  assert.equal(atMs, 1500)
})

Deno.test('A paused node gets no new batch, and its running one counts', () => {
  const story = play({ children: 2 }, [
    [0, joins('a')],
    [500, asks('q', 5000)],
    [510, pauses('a')],
  ], 1500)
  assert.equal(story.sent().length, 1)
  assert.equal(story.scheduler.stats().nodes.a!.state, 'paused')
  story.go(6000, [[1500, asks('meanwhile', 5000), resumes('a')]])
  assert.equal(story.refused('meanwhile').reason, 'no_capable_node')
  assert.equal(story.served('q').stages.filter(({ task }) => task === 'detect').length, 1)
})

Deno.test('Items on slots that a node loses are queued again', () => {
  const story = play({ children: 1 }, [
    [0, joins('a', { slots: 2 })],
    [500, asksMany('before', 2, 0, 5000)],
    [520, tells({ type: 'node_reported', node: 'a', slots: 1 }), asksMany('after', 3, 0, 5000)],
  ], 6000)
  assert.equal(story.tally().served, 5)
  assert.ok(story.sent(({ atMs }) => atMs >= 520).every(({ slot }) => slot === 0))
})

Deno.test('Slots that a node gains get variants and batches', () => {
  const story = play({ children: 1 }, [
    [0, joins('a', { slots: 2 }), tells({ type: 'node_reported', node: 'a', slots: 1 })],
    [500, tells({ type: 'node_reported', node: 'a', slots: 2 })],
  ], 1000)
  assert.equal(story.scheduler.stats().nodes.a!.instances, 2 * refsOf(ocr).length)
  story.go(7000, [[1000, asksMany('q', 12, 0, 1500)]])
  const slots = new Set(story.sent(({ atMs }) => atMs >= 1000).map(({ slot }) => slot))
  assert.deepEqual([...slots].sort(), [0, 1])
})

Deno.test('A pool with constant churn loses hardly more than the time of the lost batches', () => {
  const nodes = Array.from({ length: 8 }, (_, i) => `n${i}`)
  const story = play({ children: 2, hedge: true, seed: 2 }, [
    [0, ...nodes.map((id) => joins(id, { loadMs: 100 }))],
    [1000, asksAtRandom('q', 30, 30_000, 2000)],
    // Each leaves once in eight seconds, and is back after one.
    ...Array.from({ length: 30 }, (_, s) => [
      [1000 * (s + 1) + 370, leaves(nodes[s % 8]!)] as const,
      [1000 * (s + 2) + 370, joins(nodes[s % 8]!, { loadMs: 100 })] as const,
    ]).flat(),
  ], 35_000)
  const { served, asked } = story.tally()
  assert.ok(served >= 0.98 * asked, `${served} of ${asked}`)
})

Deno.test('A node that joins an overloaded pool gets batches as soon as it holds a variant', () => {
  const story = play({ children: 2 }, [
    [0, joins('a')],
    [1000, asksMany('q', 600, 15, 1000)],
    [3000, joins('late', { loadMs: 50 })],
  ], 12_000)
  const first = story.sent(({ node }) => node === 'late')[0]
  assert.ok(first!.atMs < 3000 + 50 * refsOf(ocr).length + 100, `${first!.atMs} ms`)
})
