/** Credit: a batch arrives as the one before it ends, at any network distance. */
import assert from 'node:assert/strict'
import { creditAtMs, MOST_BATCHES } from '../../../src/policy/state/credit.ts'
import { type PoolNode, Slot } from '../../../src/policy/state/node.ts'
import { takeOff } from '../../../src/policy/state/slots.ts'

/** A slot with batches of this duration, each sent so that it begins as the one before ends. */
function slotWith(count: number, meanMs: number, networkMs: number, roundTripMs = networkMs) {
  const times = { roundTripMs: () => roundTripMs }
  const slot = new Slot(
    { id: 'a', inUse: { slots: 1, duty: 1 }, paused: false, times } as PoolNode,
    0,
  )
  for (let i = 0; i < count; i++) {
    const endsAtMs = networkMs + (i + 1) * meanMs
    const batch = {
      slot,
      variant: { task: { rows: 1 } },
      items: [],
      meanMs,
      upperMs: meanMs,
      networkMs,
      dispatchedMs: 0,
      endsAtMs,
      abandonedUntilMs: null,
    }
    slot.batches.push(batch as unknown as typeof slot.batches[number])
  }
  return slot
}

Deno.test('the next batch is sent so that it arrives as the last one ends', () => {
  // Sent at 0, there at 20, done at 120, known at 140: a batch sent at 100 arrives at 120.
  assert.equal(creditAtMs(slotWith(1, 100, 40), 0), 100 - 2)
  assert.equal(creditAtMs(slotWith(1, 100, 0), 0), 100)
})

Deno.test('one batch waits behind another, more if a message travels longer than a batch takes', () => {
  assert.equal(creditAtMs(slotWith(2, 100, 40), 0), Infinity)
  assert.equal(creditAtMs(slotWith(2, 30, 40), 0), 2 * 30 - 2)
  assert.equal(creditAtMs(slotWith(3, 30, 40), 0), Infinity)
  assert.equal(creditAtMs(slotWith(3, 20, 40), 0), 3 * 20 - 2)
  assert.equal(creditAtMs(slotWith(5, 1, 40), 0), 5 - 2)
  assert.equal(creditAtMs(slotWith(MOST_BATCHES, 1, 40), 0), Infinity)
  // Transfer time does not count: more batches would only queue.
  assert.equal(creditAtMs(slotWith(2, 20, 40, 5), 0), Infinity)
})

Deno.test('a batch behind one that is taken off its slot begins that much sooner', () => {
  const slot = slotWith(4, 20, 40)
  takeOff(slot.batches[1]!, 30)
  assert.deepEqual(slot.batches.map(({ endsAtMs }) => endsAtMs), [60, 80, 100])
  // Its result is here 5 ms later than expected.
  takeOff(slot.batches[0]!, 65)
  assert.deepEqual(slot.batches.map(({ endsAtMs }) => endsAtMs), [85, 105])
})
