/** How long slots are busy, as what waits reckons with it. */
import assert from 'node:assert/strict'
import { createBusy } from '../../../src/policy/pool/busy.ts'
import {
  type Batch,
  createSlot,
  type Group,
  type PoolNode,
} from '../../../src/policy/state/slots.ts'

/** Batches of 10 ms, one behind the other on each slot, that were sent to nodes 20 ms away. */
const batchesOn = (...counts: number[]) => batchesOf(counts.map((count) => ({ count, island: 0 })))
const ofFew = (count: number) => batchesOf([{ count, island: 0, openCount: 2 }])

function batchesOf(slots: { count: number; island: number; openCount?: number }[]) {
  const entries: Batch[] = []
  for (const { count, island, openCount = 0 } of slots) {
    const slot = createSlot({ id: 'a', resting: false, openCount } as PoolNode, 0)
    slot.group = { island } as Group
    for (let i = 0; i < count; i++) {
      const endsAtMs = 40 + 10 * (i + 1)
      const times = { endsAtMs, networkMs: 40, meanMs: 10, upperMs: 10 }
      const batch = { slot, ...times } as unknown as Batch
      slot.batches.push(batch)
      entries.push(batch)
    }
  }
  return createBusy({ entries, size: entries.length })
}

Deno.test('a slot is busy until what is sent then is there as the last of what was sent ahead has run', () => {
  const busy = batchesOn(1, 3)
  // There at 20: the one has run at 30, the others at 50, and as long as they another is on its way.
  assert.deepEqual(busy.leftsMs(0), [10, 30])
  assert.equal(busy.sumMs(0), 10 + 30)
})

Deno.test('one that does not hold all is busy until the last has run', () => {
  assert.deepEqual(ofFew(3).leftsMs(0), [50])
  assert.equal(ofFew(1).sumMs(0), 30)
})

Deno.test('while a result travels its slot is free; what is late may be as late again', () => {
  assert.equal(batchesOn(1).sumMs(40), 0)
  assert.deepEqual(batchesOn(1).leftsMs(40), [0])
  assert.deepEqual(batchesOn(1).leftsMs(57), [7])
})

Deno.test('a slot that fell silent is counted once, whatever was sent ahead', () => {
  const busy = batchesOn(1, 3)
  busy.sumMs(400)
  assert.equal(busy.silentSlots(), 2)
})

Deno.test('each island is busy with its own batches', () => {
  const busy = batchesOf([{ count: 1, island: 0 }, { count: 3, island: 1 }, {
    count: 1,
    island: 1,
  }])
  assert.deepEqual([busy.sumMs(0, 0), busy.sumMs(0, 1)], [10, 30 + 10])
  assert.deepEqual([busy.leftsMs(0, 0), busy.leftsMs(0, 1)], [[10], [10, 30]])
  busy.sumMs(400)
  assert.deepEqual([busy.silentSlots(0), busy.silentSlots(1)], [1, 2])
})
