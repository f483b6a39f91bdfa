/** Nodes that measured nothing, on a pool that is too busy to measure. */
import assert from 'node:assert/strict'
import { checkPipeline } from '../../../src/pipeline/parse.ts'
import { createPool, nodeOf } from '../fixtures.ts'

const plain = checkPipeline({
  ...{ schema: 'shoal-pipeline/1', name: 'plain', sloMs: 1000, root: 'find' },
  tasks: { find: { variants: { only: { accuracy: 1, referenceMs: 80 } } } },
}, 'plain.json')

/** Of 200 queries that come twice as fast as a node does them one by one, as it did so far: how many were answered. */
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
  // One by one it does 111, and stayed so.
  const paying = served((batch) => 78 + 2 * batch)
  assert.ok(paying >= 195, `${paying}`)
  // Where they do not pay the few that are tried cost nobody the answer.
  const not = served((batch) => 80 * batch)
  assert.ok(not >= 108, `${not}`)
})

/** Of queries with as much time as three items take one by one, on four nodes: the share answered. */
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
  // Four one by one do 67 a second of these 350, and eight together 533.
  const share = answeredInTime((batch) => Math.max(60, 8 * batch), 350)
  assert.ok(share > 0.9, `${share}`)
})

Deno.test('a size whose batches are all given up is not tried for ever', () => {
  // Two items take far longer than two times one: none of them is in time, and none is heard of.
  const share = answeredInTime((batch) => batch === 1 ? 31 : 75 + 19 * batch, 190)
  // One by one the four do 129 a second, with what is known of that node for node.
  assert.ok(share > 0.85 * 129 / 190, `${share}`)
})
