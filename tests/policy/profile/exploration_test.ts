/** Nodes without measurements, in a pool too busy to measure. */
import assert from 'node:assert/strict'
import { checkPipeline } from '../../../src/pipeline/parse.ts'
import { createPool, nodeOf } from '../fixtures.ts'

const plain = checkPipeline({
  ...{ schema: 'shoal-pipeline/1', name: 'plain', sloMs: 1000, root: 'find' },
  tasks: { find: { variants: { only: { accuracy: 1, referenceMs: 80 } } } },
}, 'plain.json')

/** Number answered of 200 queries that come twice as fast as a node does them one by one. */
function served(latencyMs: (batch: number) => number): number {
  const pool = createPool([plain])
  pool.join({ ...nodeOf('a', [plain]), latencyMs: (_, batch) => latencyMs(batch) })
  pool.run(100)
  const ask = (query: string) => pool.ask(query, 'plain', 1000)
  for (let i = 0; i < 20; i++) pool.time.at(100 + 200 * i, () => ask(`calm ${i}`))
  for (let i = 0; i < 200; i++) pool.time.at(4100 + 40 * i, () => ask(`q${i}`))
  pool.run(20_000)
  return [...pool.answers].filter(([q, [first]]) => q[0] === 'q' && first!.answer.ok).length
}

Deno.test('a node that joins a busy pool is found to do more in larger batches', () => {
  // One by one it does 111, and used to stay at that.
  const paying = served((batch) => 78 + 2 * batch)
  assert.ok(paying >= 195, `${paying}`)
  // If larger batches do not pay, the few that are tried cost no query its answer.
  const not = served((batch) => 80 * batch)
  assert.ok(not >= 108, `${not}`)
})

/** Share answered of queries with as much time as three single items take, on four nodes. */
function answeredInTime(latencyMs: (batch: number) => number, ratePerS: number): number {
  const quick = checkPipeline({
    ...{ schema: 'shoal-pipeline/1', name: 'quick', sloMs: 200, root: 'find' },
    tasks: { find: { variants: { only: { accuracy: 1, referenceMs: latencyMs(1) } } } },
  }, 'quick.json')
  const pool = createPool([quick])
  for (const id of ['a', 'b', 'c', 'd']) {
    pool.join({ ...nodeOf(id, [quick]), latencyMs: (_, batch) => latencyMs(batch) })
  }
  pool.run(1000)
  for (let i = 0; i < 8 * ratePerS; i++) {
    pool.time.at(1000 + i * 1000 / ratePerS, () => pool.ask(`q${i}`, 'quick', 200))
  }
  pool.run(12_000)
  return [...pool.answers.values()].filter(([one]) => one!.answer.ok).length / (8 * ratePerS)
}

Deno.test('larger batches are tried even if by the guess no query has time for one', () => {
  // Four nodes do 67 of these 350 per second one by one, and 533 in batches of eight.
  const share = answeredInTime((batch) => Math.max(60, 8 * batch), 350)
  assert.ok(share > 0.9, `${share}`)
})

Deno.test('a size whose batches are all given up is not tried for ever', () => {
  // Two items take far longer than twice one item: none is in time, and no result arrives.
  const share = answeredInTime((batch) => batch === 1 ? 31 : 75 + 19 * batch, 190)
  // One by one the four nodes do 129 per second.
  assert.ok(share > 0.85 * 129 / 190, `${share}`)
})
