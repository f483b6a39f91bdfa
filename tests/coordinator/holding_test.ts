/** What is kept of results: whole messages, counted as such, and nothing that nobody asked for. */
import assert from 'node:assert/strict'
import { createHolding, namedOf, sizeOf } from '../../src/coordinator/queries/holding.ts'
import type { ResultMessage } from '../../src/protocol/mod.ts'
import {
  ask,
  type Behaviour,
  joinScripted,
  PATIENT,
  untilReady,
  withCoordinator,
} from './fixture.ts'

const MIB = 1024 * 1024

/** One child item of a byte; `read` is never answered. */
const waiting = (
  more: (children: { read: { meta: Record<string, never>; blob: number }[] }) => ReturnType<
    Behaviour
  >,
): Behaviour =>
({ message }) => message.task === 'read' ? undefined : more({ read: [{ meta: {}, blob: 0 }] })

/** Asks, and tells what is held once `read` waits, and once the client went away. */
async function heldWith(behave: Behaviour): Promise<{ during: number; after: number }> {
  let during = 0
  let after = 0
  await withCoordinator(async (coordinator) => {
    const { pool } = coordinator
    const node = await joinScripted(coordinator, 'one', behave)
    await untilReady(coordinator)
    assert.equal(pool.heldBytes(), 0)
    const client = new AbortController()
    const query = ask(coordinator, PATIENT, undefined, 'words', client.signal)
    await node.got('batch', ({ task }) => task === 'read')
    during = pool.heldBytes()
    client.abort()
    await assert.rejects(query)
    while (pool.queriesInFlight() > 0) await new Promise((done) => setTimeout(done, 1))
    after = pool.heldBytes()
  })
  return { during, after }
}

Deno.test('a tensor beside a child item of a byte counts with its bytes, until its query ends', async () => {
  const { during, after } = await heldWith(waiting((children) => ({
    items: [{
      ...{ ok: true, fields: null, children },
      tensors: { t: { type: 'uint8', dims: [5 * 1024, 1024], blob: 1 } },
    }],
    blobs: [new Uint8Array(1), new Uint8Array(5 * MIB)],
  })))
  assert.ok(during > 5 * MIB && during < 5.1 * MIB, String(during))
  assert.equal(after, 0)
})

Deno.test('fields of a result and what describes its child items count with more than their text', async () => {
  const { during, after } = await heldWith(waiting(({ read }) => ({
    items: [{
      ...{ ok: true, fields: { text: 'x'.repeat(MIB) } },
      children: { read: [{ ...read[0]!, meta: { text: 'y'.repeat(MIB) } }] },
    }],
    blobs: [new Uint8Array(1)],
  })))
  assert.ok(during > 4 * MIB, String(during))
  assert.equal(after, 0)
})

Deno.test('bytes of no item are not kept beside those that are of one', async () => {
  const { during, after } = await heldWith(waiting((children) => ({
    items: [{ ok: true, fields: null, children }],
    blobs: [new Uint8Array(1000), new Uint8Array(5 * MIB)],
  })))
  assert.ok(during > 1000 && during < 5000, String(during))
  assert.equal(after, 0)
})

Deno.test('namedOf() copies what is named only where there is what is not', () => {
  const whole = new Uint8Array(100).fill(7)
  const blobs = [whole.subarray(0, 10), whole.subarray(10, 90), whole.subarray(90)]
  const message = (...named: number[]): ResultMessage => ({
    ...{ type: 'result', batch: 1, queueMs: 0, computeMs: 1, elapsedMs: 1 },
    items: [
      { ok: false, reason: 'internal', message: 'no' },
      {
        ...{ ok: true, fields: null },
        tensors: { t: { type: 'uint8', dims: [10], blob: named[0]! } },
        children: { read: named.slice(1).map((blob) => ({ meta: {}, blob })) },
      },
    ],
  })
  assert.equal(namedOf(message(0, 1, 2), blobs), blobs)
  const some = namedOf(message(0, 2, 2, 9), blobs)
  assert.deepEqual(some, [blobs[0], new Uint8Array(0), blobs[2]])
  assert.deepEqual(some.map(({ buffer }) => buffer.byteLength), [10, 0, 10])
})

Deno.test('a message is held once, for as long as one of its queries is there', () => {
  const live = new Set(['a', 'b', 'c'])
  const holding = createHolding((query) => live.has(query), 1000)
  holding.hold(['a', 'b', 'a', 'gone'], 600)
  assert.equal(holding.bytes, 600)
  holding.hold(['a'], 100)
  holding.hold(['gone', ''], 100)
  assert.equal(holding.bytes, 700)
  assert.throws(() => holding.hold(['c'], 301), RangeError)
  assert.equal(holding.bytes, 700)
  holding.release('a')
  assert.equal(holding.bytes, 600)
  holding.release('a')
  holding.release('c')
  assert.equal(holding.bytes, 600)
  holding.release('b')
  assert.equal(holding.bytes, 0)
  holding.hold(['c'], 1000)
  assert.equal(holding.bytes, 1000)
})

Deno.test('sizeOf() counts blobs as they are, and several times what describes them', () => {
  assert.equal(sizeOf(100, 1000), 1000 + 8 * 100)
  // Of a message that was made here.
  assert.equal(sizeOf(0, 0), 0)
})
