/** Slots that hold one variant each, where all of their time is needed. */
import assert from 'node:assert/strict'
import type { CloseReason, Filled } from '../../../src/policy/dispatch/batching.ts'
import type { View } from '../../../src/policy/dispatch/choose.ts'
import type { Slot } from '../../../src/policy/state/slots.ts'
import { isWasteful } from '../../../src/policy/dispatch/wasteful.ts'
import { createPool, nodeOf, ocr } from '../fixtures.ts'

const SECONDS = 10
const RATE_PER_S = 60
const ITEMS = 7

Deno.test('a pool that is just busy loses few queries: it does not fall back to batches of one', () => {
  const pool = createPool([ocr], { childCount: () => ITEMS })
  const holder = (id: string, variant: string) => {
    const node = nodeOf(id, [ocr])
    const latencyMs = (ref: { variant: string }, batch: number) =>
      ref.variant === 'big' ? 20 + 2 * batch : ref.variant === 'small' ? 40 * batch : 5 * batch
    pool.join({ ...node, latencyMs, able: node.able.filter((ref) => ref.variant === variant) })
  }
  for (let i = 0; i < 3; i++) holder(`small ${i}`, 'small')
  holder('tiny', 'tiny')
  holder('big', 'big')
  pool.run(1000)
  for (let i = 0; i < SECONDS * RATE_PER_S; i++) {
    pool.time.at(1000 + i * 1000 / RATE_PER_S, () => pool.ask(`q${i}`, 'ocr', 300))
  }
  pool.run(1000 + SECONDS * 1000 + 1000)
  const sizes = pool.commands.flatMap(({ command }) =>
    command.type === 'dispatch' && command.variant === 'big' ? [command.items.length] : []
  )
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length
  assert.ok(mean > 3, `${mean} items in a batch`)
  const late = [...pool.answers.values()].filter(([one]) => !one!.answer.ok).length
  assert.ok(late < 0.1 * pool.answers.size, `${late} of ${pool.answers.size} without a result`)
})

/**
 * Whether one item of twelve of its query, with no time for a larger batch while 40 wait, is a waste
 * of time of four slots that do an item in `costMs`, by the prices of now nearly nothing.
 */
function wastes(
  latencyMs: (batch: number) => number,
  costMs: number,
  sameHeld = false,
  close: CloseReason = 'slack',
): boolean {
  const group = { island: 0 }
  const slot = {
    group,
    node: { times: { meanMs: (_: unknown, batch: number) => latencyMs(batch) } },
  }
  const query = { laxityMs: 200, waiting: [12] }
  const variant = { index: 0 }
  const filled = {
    close,
    members: [{ item: { query, task: { position: 0 } }, choice: { prefix: { variant } } }],
  }
  const view = {
    capacity: {
      layout: { islands: [{ sameHeld }] },
      services: [{ poolMs: 0.01, servers: [{ group, costMs }] }],
    },
    tails: { stations: { itemMs: () => costMs / 4 } },
    targets: { queryMs: () => 10 },
    backlog: { leastMs: 0, secondMs: 0 },
  }
  return isWasteful(
    filled as unknown as Filled,
    40,
    slot as unknown as Slot,
    view as unknown as View,
    64,
  )
}

Deno.test('a small batch is a waste where its slots are short of time, whatever their price', () => {
  // Twelve items alone take 6 ms of a slot each in place of 1.2 in a batch of 32: 14 ms of all four.
  const latencyMs = (batch: number) => 5 + batch
  assert.equal(wastes(latencyMs, 2), true)
  // Where any slot can do them the price says what they cost.
  assert.equal(wastes(latencyMs, 2, true), false)
})

Deno.test('a batch of one is a waste however long it takes, where many take little longer', () => {
  // 120 ms for one item, 18 each for 16: a station that does one by one does a seventh.
  assert.equal(wastes((batch) => 110 + 10 * batch, 18), true)
  // Where all slots hold the same somebody else has the time for more.
  assert.equal(wastes((batch) => 110 + 10 * batch, 18, true), false)
  // Here nothing is lost.
  assert.equal(wastes((batch) => 120 * batch, 120), false)
  // And here not enough for such long ones.
  assert.equal(wastes((batch) => 10 + 110 * batch, 115), false)
})

Deno.test('a batch is no waste that is small since others have no time for more of its variant', () => {
  const latencyMs = (batch: number) => 5 + batch
  assert.equal(wastes(latencyMs, 2, false, 'slack'), true)
  assert.equal(wastes(latencyMs, 2, false, 'budget'), false)
})
