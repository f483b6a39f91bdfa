/** Nodes that measured nothing, on a pool that is too busy to measure. */
import assert from 'node:assert/strict'
import { createTrial } from '../../src/policy/trial.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import { createPool, nodeOf } from './fixtures.ts'

const plain = checkPipeline({
  ...{ schema: 'shoal-pipeline/1', name: 'plain', sloMs: 1000, root: 'find' },
  tasks: { find: { variants: { only: { accuracy: 1, referenceMs: 80 } } } },
}, 'plain.json')

/** What three batches of each size that is tried take, until none is. */
function tried(latencyMs: (batch: number) => number): number[] {
  const trial = createTrial()
  const sizes: number[] = []
  while (trial.size > 0) {
    const { size } = trial
    sizes.push(size)
    // Half of it is known, and says nothing of more.
    trial.ended(size / 2, latencyMs)
    for (let i = 0; i < 3; i++) {
      assert.equal(trial.size, size)
      trial.ended(size, latencyMs)
    }
  }
  return sizes
}

Deno.test('batches twice as large are tried as long as they pay', () => {
  assert.deepEqual(tried((batch) => 40 + batch), [2, 4, 8, 16, 32, 64])
  assert.deepEqual(tried((batch) => 40 * batch), [2])
  assert.deepEqual(tried((batch) => batch <= 8 ? 40 + 4 * batch : 9 * batch), [2, 4, 8, 16])
})

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

Deno.test('a node that joins a busy pool is found out to do more in larger batches', () => {
  // One by one it does 111, and stayed so.
  const paying = served((batch) => 78 + 2 * batch)
  assert.ok(paying >= 195, `${paying}`)
  // Where they do not pay the few that are tried cost nobody the answer.
  const not = served((batch) => 80 * batch)
  assert.ok(not >= 108, `${not}`)
})
