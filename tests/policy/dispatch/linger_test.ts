import assert from 'node:assert/strict'
import { lingerUntilMs } from '../../../src/policy/dispatch/linger.ts'
import type { Member } from '../../../src/policy/dispatch/batching.ts'
import type { View } from '../../../src/policy/dispatch/choose.ts'
import type { Slot } from '../../../src/policy/state/slots.ts'

const usual = {
  ...{ count: 1, firstMs: 40, moreMs: 30, itemsPerMs: 0.3, scarce: true, nowMs: 1000 },
  ...{ busy: false, groups: 1, hasteMs: Infinity },
}

/** A batch takes `firstMs` for one item and `moreMs` for each further one. */
function untilMs(
  given: Partial<typeof usual> = {},
) {
  const { count, firstMs, moreMs, itemsPerMs, scarce, nowMs, hasteMs, busy, groups } = {
    ...usual,
    ...given,
  }
  const item = { queuedAtMs: 1000, attempts: 0, query: { laxityMs: 100 } }
  const choice = { prefix: { variant: {} } }
  const times = {
    meanMs: (_variant: unknown, batch: number) => firstMs + moreMs * (batch - 1),
  }
  const slot = { node: { id: 'a', openCount: 0, times }, held: new Set(), loading: new Set() }
  const view = {
    nowMs,
    hasteMs,
    targets: { isScarce: scarce, itemsPerMs: () => itemsPerMs },
    capacity: { groups: Array(groups) },
  }
  return lingerUntilMs(
    { item, choice } as unknown as Member,
    count,
    slot as unknown as Slot,
    view as unknown as View,
    busy,
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

Deno.test('no slot lingers longer than is good for those who have little time', () => {
  assert.equal(untilMs({ hasteMs: 50 }), 1004)
  assert.equal(untilMs({ hasteMs: 50, nowMs: 1004 }), undefined)
  assert.equal(untilMs({ hasteMs: 400 }), 1008)
})

Deno.test('a slot that has other work lingers longer, and for less', () => {
  assert.equal(untilMs({ busy: true }), 1015)
  assert.equal(untilMs({ itemsPerMs: 0.06 }), undefined)
  assert.equal(untilMs({ itemsPerMs: 0.06, busy: true }), 1015)
  assert.equal(untilMs({ itemsPerMs: 0.04, busy: true }), undefined)
  // On unlike devices another may take what comes.
  assert.equal(untilMs({ busy: true, groups: 2 }), 1008)
})
