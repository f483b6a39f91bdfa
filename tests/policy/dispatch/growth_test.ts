/** How long a batch may grow though an item more gains little. */
import assert from 'node:assert/strict'
import type { View } from '../../../src/policy/dispatch/choose.ts'
import { isLongEnough, lengthsOf } from '../../../src/policy/dispatch/growth.ts'
import type { VariantShape } from '../../../src/policy/core/graph.ts'
import type { Slot } from '../../../src/policy/state/slots.ts'
import { asked, byHand, finished } from '../by_hand.ts'
import { commandsOf, ocr, refsOf } from '../fixtures.ts'

const usual = {
  ...{ laxityMs: 400, hasteMs: Infinity, measured: true, all: true, scarce: true, spread: 1.1 },
}

/** The largest batch of a variant that takes `firstMs` for one item and `moreMs` for each further one. */
function largest(firstMs: number, moreMs: number, given: Partial<typeof usual> = {}) {
  const { laxityMs, hasteMs, measured, all, scarce, spread } = { ...usual, ...given }
  const variant = {} as VariantShape
  const slot = {
    node: { times: { modelOf: () => ({ isMeasured: measured }) }, openCount: all ? 1 : 2 },
    held: new Set([variant]),
  } as unknown as Slot
  const view = { targets: { isScarce: scarce }, hasteMs } as unknown as View
  const lengths = lengthsOf({ laxityMs }, variant, slot, view)
  for (let size = 1;; size++) {
    const soFarMs = firstMs + moreMs * (size - 1)
    const grownMs = soFarMs + moreMs
    if (isLongEnough(moreMs * size / soFarMs, grownMs, spread * grownMs, lengths)) return size
    if (size === 1000) return Infinity
  }
}

Deno.test('a small gain makes a batch longer where it is known and buys something', () => {
  // Each item more takes nearly as long as those before it: 128 ms for seven, 38 ms for two.
  assert.equal(largest(20, 18), 6)
  assert.equal(largest(20, 18, { scarce: false }), 2)
  assert.equal(largest(20, 18, { measured: false }), 2)
  assert.equal(largest(20, 18, { all: false }), 2)
})

Deno.test('a batch that is hard to foretell is shorter, and so is one of queries with little time', () => {
  assert.equal(largest(20, 18, { laxityMs: 200 }), 4)
  assert.equal(largest(20, 18, { laxityMs: 200, spread: 1.5 }), 3)
  // Who comes meanwhile may have less.
  assert.equal(largest(20, 18, { hasteMs: 200 }), 4)
  assert.equal(largest(20, 18, { hasteMs: 20 }), 1)
  assert.equal(largest(10, 10, { hasteMs: 40 }), 2)
})

Deno.test('a batch grows without gain for a moment, and less where an item more is dearer', () => {
  assert.equal(largest(10, 10), 5)
  assert.equal(largest(5, 10), 2)
  // What is guessed says little of sizes that never ran.
  assert.equal(largest(5, 10, { measured: false }), 5)
  assert.equal(largest(30, 30), 1)
})

Deno.test('a batch leaves what would cost more in it than the items that it has', () => {
  // As a detector whose second item is cheap and whose third is not.
  const readMs = (batch: number) => batch === 1 ? 10 : 15 + 15 * (batch - 2)
  const scheduler = byHand()
  const profile = refsOf(ocr).map((ref) => ({
    ...ref,
    points: [1, 2, 4, 8].map((batch) => ({
      batch,
      latencyMs: ref.task === 'read' ? readMs(batch) : 40 * batch,
    })),
  }))
  scheduler.handle({ type: 'node_reported', node: 'a', roundTripMs: 0, profile }, 1)
  const [detect] = commandsOf(scheduler, asked('q', 5000), 200, 'dispatch')
  const lines = Array.from({ length: 8 }, (_, i) => `line ${i}`)
  const [read] = commandsOf(scheduler, finished(detect!.batch, 1, lines), 240, 'dispatch')
  assert.equal(read!.items.length, 2)
})
