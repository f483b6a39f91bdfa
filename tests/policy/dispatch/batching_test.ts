/** How many items a batch takes where other slots are idle: what their time is worth decides. */
import assert from 'node:assert/strict'
import type { PolicyCommand } from '../../../src/policy/core/types.ts'
import { asked, byHand, finished } from '../by_hand.ts'
import { commandsOf, ocr, refsOf } from '../fixtures.ts'

/** Sizes of the batches that eight items come in at 240, of one query alone on three idle slots. */
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

Deno.test('items that go together for little more do, though other slots are idle', () => {
  assert.deepEqual(batchesOfEight((batch) => 10 + batch), [8])
})

Deno.test('items that gain nothing by going together are shared among the idle slots', () => {
  const sizes = batchesOfEight((batch) => 5 * batch)
  assert.ok(sizes.length > 1 && Math.max(...sizes) < 5, `${sizes}`)
})

Deno.test('items that would be done at the last moment together are shared among idle slots', () => {
  const readMs = (batch: number) => 10 + batch
  assert.deepEqual(batchesOfEight(readMs, 285), [8])
  // Eight together would leave nothing of what is kept for what no latency foresees.
  const sizes = batchesOfEight(readMs, 275)
  assert.ok(sizes.length > 1, `${sizes}`)
})
