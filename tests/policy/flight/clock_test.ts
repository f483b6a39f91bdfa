/** Batch times by the coordinator's clock, if messages travel longer than batches take. */
import assert from 'node:assert/strict'
import { Clock } from '../../../src/policy/state/finish.ts'
import type { Batch } from '../../../src/policy/state/node.ts'
import type { PolicyEvent } from '../../../src/policy/core/types.ts'

const ROUND_TRIP_MS = 20

/** A slot at a network distance. Each batch reports the given time. */
function farSlot() {
  const clock = new Clock()
  const node = { id: 'far', times: { roundTripMs: () => ROUND_TRIP_MS } }
  const slot = { node, endedMs: -Infinity } as unknown as Batch['slot']
  const ended = (dispatchedMs: number, heardMs: number, computeMs: number): number => {
    const batch = {
      slot,
      dispatchedMs,
      variant: { index: 0, task: { rows: 1 } },
    } as unknown as Batch
    const event = { type: 'batch_finished', computeMs } as Extract<
      PolicyEvent,
      { type: 'batch_finished' }
    >
    return clock.finished(batch, event, heardMs).computeMs
  }
  return Object.assign(ended, { leave: () => clock.left('far') })
}

Deno.test('the network time of a batch sent while another result travels is not counted as compute time', () => {
  const ended = farSlot()
  ended(0, 22, 2)
  // Each is sent a moment before the result of the previous one arrives, and computed for 2 ms.
  for (let i = 0; i < 20; i++) {
    const sentMs = 21 * (i + 1)
    assert.equal(ended(sentMs, sentMs + ROUND_TRIP_MS + 2, 2), 2)
  }
})

Deno.test('a batch that waited on the node behind another took the time between their results', () => {
  const ended = farSlot()
  ended(0, 120, 100)
  // Sent when the first was half done. It reports 10 ms, and takes 100.
  let believed = 0
  for (let i = 1; i <= 20; i++) believed = ended(100 * i - 50, 120 + 100 * i, 10)
  assert.equal(believed, 100)
  // A node that joins again by its name may be another.
  ended.leave()
  assert.equal(ended(2050, 2220, 10), 10)
})
