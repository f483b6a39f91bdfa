/** Sizes of batches. */
import assert from 'node:assert/strict'
import type { PolicyCommand } from '../../../src/policy/core/types.ts'
import { asked, byHand, finished } from '../by_hand.ts'
import { commandsOf, ocr, refsOf } from '../fixtures.ts'
import { asks, asksMany, cancels, joins, play } from '../story.ts'

/** Sizes of the batches of eight items at 240 ms, of one query alone on three idle slots. */
function batchesOfEight(readMs: (batch: number) => number, deadlineMs = 5000): number[] {
  const scheduler = byHand(3)
  const profile = refsOf(ocr).map(({ task, ...ref }) => ({
    ...{ task, ...ref },
    points: [1, 2, 4, 8].map((batch) => ({
      batch,
      latencyMs: task === 'read' ? readMs(batch) : 40 * batch,
    })),
  }))
  scheduler.handle({ type: 'node_reported', node: 'a', roundTripMs: 0, profile }, 1)
  const [detect] = commandsOf(scheduler, asked('q', deadlineMs), 200, 'dispatch')
  const lines = Array.from({ length: 8 }, (_, i) => `line ${i}`)
  const sizes: number[] = []
  let commands: PolicyCommand[] = scheduler.handle(finished(detect!.batch, 1, lines), 240)
  for (let i = 0; i < 50; i++) {
    const sent = commands.filter((command) => command.type === 'dispatch')
    sizes.push(...sent.map(({ items }) => items.length))
    if (sizes.reduce((a, b) => a + b, 0) >= 8) break
    commands = scheduler.handle({ type: 'wake' }, 241 + i)
  }
  return sizes
}

Deno.test('Items are batched if a batch takes little longer, even if other slots are idle', () => {
  assert.deepEqual(batchesOfEight((batch) => 10 + batch), [8])
})

Deno.test('Items that gain nothing in a batch are spread over the idle slots', () => {
  const sizes = batchesOfEight((batch) => 5 * batch)
  assert.ok(sizes.length > 1 && Math.max(...sizes) < 5, `${sizes}`)
})

Deno.test('Items that would be late in a batch are spread over the idle slots', () => {
  const readMs = (batch: number) => 10 + 5 * batch
  assert.ok(Math.max(...batchesOfEight(readMs, 500)) > 3)
  // Eight together take 50 ms, of which 35 are left.
  const sizes = batchesOfEight(readMs, 275)
  assert.ok(Math.max(...sizes) < 5, `${sizes}`)
})

Deno.test('No batch exceeds the limit', () => {
  const latencyMs = (_: unknown, batch: number) => 20 + batch
  const story = play({ children: 9, limits: { maxBatch: 4 } }, [
    [0, joins('a', { latencyMs })],
    [500, asksMany('q', 40, 0, 5000)],
  ], 8000)
  const sizes = story.sent().map(({ items }) => items.length)
  assert.equal(Math.max(...sizes), 4)
})

Deno.test('A crowd is served in batches if a batch takes hardly longer than one item', () => {
  const latencyMs = (_: unknown, batch: number) => 40 + batch
  const story = play({ children: 1 }, [
    [0, joins('a', { latencyMs })],
    // One by one it would do 12 per second.
    [500, asksMany('q', 400, 20, 1000)],
  ], 10_000)
  const { served, asked } = story.tally()
  assert.ok(served > 0.98 * asked, `${served} of ${asked}`)
})

Deno.test('A single item does not wait for others while its slot is idle', () => {
  const latencyMs = (_: unknown, batch: number) => 40 + batch
  const story = play({ children: 0 }, [
    [0, joins('a', { latencyMs })],
    [500, asks('q', 5000)],
  ], 6000)
  assert.ok(story.served('q').tookMs < 60, `${story.served('q').tookMs}`)
})

Deno.test('A batch with items of an open query is not cancelled for a closed one', () => {
  const latencyMs = ({ task }: { task: string }, batch: number) =>
    task === 'detect' ? 20 : 20 + batch
  const story = play({ children: 4 }, [
    [0, joins('a', { latencyMs })],
    [500, ...['busy', 'gone', 'stays'].map((query) => asks(query, 5000))],
  ], 500)
  const queriesOf = (items: readonly { query: string }[]) =>
    new Set(items.map(({ query }) => query))
  const mixed = () => story.sent(({ items }) => queriesOf(items).size > 1)
  while (mixed().length === 0 && story.nowMs < 1000) story.go(story.nowMs + 1)
  const [batch] = mixed()
  const [gone, ...others] = queriesOf(batch!.items)
  story.go(6000, [[story.nowMs, cancels(gone!)]])
  assert.ok(story.commands('cancel_batch').every((one) => one.batch !== batch!.batch))
  for (const query of others) story.served(query)
})

/** Two items take three times as long as one, and eight four times. */
const lumpy = ({ task, variant }: { task: string; variant: string }, batch: number) => {
  const one = ocr.tasks[task]!.variants[variant]!.referenceMs!
  return batch === 1 ? one : one * (3 + (batch - 2) / 6)
}

Deno.test('Nodes on which only large batches pay add to the throughput of a pool', () => {
  const servedWith = (count: number) => {
    const story = play({ children: 4, seed: 3 }, [
      [0, joins('a'), joins('b')],
      [0, ...Array.from({ length: count }, (_, i) => joins(`lumpy${i}`, { latencyMs: lumpy }))],
      [500, asksMany('q', 1200, 8, 2000)],
    ], 14_000)
    const { served, lost } = story.tally()
    assert.ok(lost <= 0.02 * served, `${lost} lost of ${served}`)
    return served
  }
  const [without, beside] = [servedWith(0), servedWith(2)]
  assert.ok(beside > 1.5 * without, `${beside} with two, ${without} without`)
})
