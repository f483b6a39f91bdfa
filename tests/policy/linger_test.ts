import assert from 'node:assert/strict'
import { lingerUntilMs } from '../../src/policy/linger.ts'
import type { Member } from '../../src/policy/batching.ts'
import type { View } from '../../src/policy/choose.ts'
import type { Slot } from '../../src/policy/slots.ts'

/** A batch takes `firstMs` for one item and `moreMs` for each further one. */
function untilMs(
  { count = 1, firstMs = 40, moreMs = 30, itemsPerMs = 0.3, scarce = true, nowMs = 1000 } = {},
) {
  const item = { queuedAtMs: 1000, attempts: 0, query: { laxityMs: 100 } }
  const choice = { prefix: { variant: {} } }
  const slot = { node: { id: 'a', openCount: 0 }, held: new Set(), loading: new Set() }
  const meanMs = (batch: number) => firstMs + moreMs * (batch - 1)
  const view = {
    nowMs,
    targets: { isScarce: scarce, itemsPerMs: () => itemsPerMs },
    profile: {
      latency: (_node: string, _variant: unknown, batch: number) => ({
        meanMs: meanMs(batch),
        upperMs: meanMs(batch),
      }),
    },
  }
  return lingerUntilMs(
    { item, choice } as unknown as Member,
    count,
    slot as unknown as Slot,
    view as unknown as View,
  )
}

Deno.test('a slot lingers while the next item saves more than the wait for it, and not for long', () => {
  assert.equal(untilMs(), 1008)
  assert.equal(untilMs({ nowMs: 1008 }), undefined)
  // The next one is too far off, or saves too little: of a batch that is large already, or at all.
  assert.equal(untilMs({ itemsPerMs: 0.05 }), undefined)
  assert.equal(untilMs({ count: 8 }), undefined)
  assert.equal(untilMs({ moreMs: 40 }), undefined)
})

Deno.test('no slot lingers while the best is for all', () => {
  assert.equal(untilMs({ scarce: false }), undefined)
})
