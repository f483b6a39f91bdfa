/** Nodes that measured nothing, on a pool that is too busy to measure. */
import assert from 'node:assert/strict'
import { createModel } from '../../../src/policy/estimate/latency_model.ts'
import { createTrial } from '../../../src/policy/estimate/trial.ts'
import { checkPipeline } from '../../../src/pipeline/parse.ts'
import { createPool, nodeOf } from '../fixtures.ts'

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
    trial.ended(size / 2, latencyMs(size / 2), false)
    for (let i = 0; i < 3; i++) {
      assert.equal(trial.size, size)
      trial.ended(size, latencyMs(size), false)
    }
  }
  return sizes
}

Deno.test('batches twice as large are tried as long as they pay', () => {
  assert.deepEqual(tried((batch) => 40 + batch), [2, 4, 8, 16, 32, 64])
  assert.deepEqual(tried((batch) => 40 * batch), [2])
  assert.deepEqual(tried((batch) => batch <= 8 ? 40 + 4 * batch : 9 * batch), [2, 4, 8, 16])
})

Deno.test('where nobody has the time for a size it is left at what is known', () => {
  const trial = createTrial()
  const latencyMs = (batch: number) => 20 + 2 * batch * batch
  for (const batch of [1, 2, 2, 2, 4, 4, 4]) trial.ended(batch, latencyMs(batch), false)
  assert.equal(trial.size, 8)
  // Five pay less than four, and are no proof of what eight do.
  for (let i = 0; i < 29; i++) trial.ended(5, latencyMs(5), false)
  assert.equal(trial.size, 8)
  trial.ended(5, latencyMs(5), false)
  assert.equal(trial.size, 0)
})

Deno.test('after three that were given up a size is hoped for no more', () => {
  const trial = createTrial()
  trial.ended(1, 30, false)
  assert.equal(trial.hopedMs(2), 30)
  for (let i = 0; i < 2; i++) trial.ended(2, 50, true)
  assert.equal(trial.hopedMs(2), 30)
  trial.ended(2, 50, true)
  assert.equal(trial.hopedMs(2), undefined)
  // It is tried still where somebody has the time for it by the guess.
  for (let i = 0; i < 3; i++) trial.ended(2, 40, false)
  assert.equal(trial.size, 4)
  assert.equal(trial.hopedMs(4), 60)
})

Deno.test('before anything ran what one item took when it was measured is hoped for, or nothing', () => {
  assert.equal(createTrial(30).hopedMs(2), 30)
  const trial = createTrial()
  assert.equal(trial.hopedMs(2), undefined)
  // Nothing smaller ever ran: whatever it took, it is not known to be in vain.
  for (let i = 0; i < 3; i++) trial.ended(2, 500, false)
  assert.equal(trial.size, 4)
  assert.equal(trial.hopedMs(4), 500)
})

Deno.test('small batches that were given up say nothing of the size that is tried', () => {
  const trial = createTrial()
  for (let i = 0; i < 5; i++) trial.ended(1, 50, true)
  trial.ended(1, 30, false)
  assert.equal(trial.hopedMs(2), 30)
})

Deno.test('a batch larger than what was to be tried is as good, and what is tried next is larger still', () => {
  const trial = createTrial()
  trial.ended(1, 30, false)
  for (let i = 0; i < 3; i++) trial.ended(20, 60, false)
  assert.ok(trial.size > 20, `${trial.size}`)
  // What took less than a smaller one was disturbed: nothing takes less than nothing.
  for (let i = 0; i < 3; i++) trial.ended(trial.size, 50, false)
  assert.ok(trial.size > 0)
  assert.equal(trial.hopedMs(64), 50)
})

Deno.test('what was found out is told in points that rise, and once all is known nothing more', () => {
  for (const eachMs of [1, 40]) {
    const trial = createTrial(30)
    let told = 0
    const end = (batch: number) => {
      const points = trial.ended(batch, 30 + eachMs * (batch - 1), false)
      if (points === undefined) return
      told++
      points.forEach(({ batch, latencyMs }, i) => {
        assert.ok(batch >= 1 && latencyMs > 0)
        if (i > 0) assert.ok(batch > points[i - 1]!.batch && latencyMs > points[i - 1]!.latencyMs)
      })
    }
    for (let i = 0; i < 60 && trial.size > 0; i++) end(trial.size)
    assert.equal(trial.size, 0)
    assert.ok(told > 0)
    told = 0
    for (let i = 0; i < 20; i++) end(500)
    assert.deepEqual([told, trial.size], [0, 0])
  }
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

Deno.test('larger batches are tried though by the guess nobody has the time for one', () => {
  // Four one by one do 67 a second of these 350, and eight together 533.
  const share = answeredInTime((batch) => Math.max(60, 8 * batch), 350)
  assert.ok(share > 0.9, `${share}`)
})

Deno.test('what larger batches take is not forgotten, nor what one takes', () => {
  const model = createModel((batch) => 60 * batch, 0.25, 0, false)
  const latencyMs = (batch: number) => 55 + 5 * batch
  const run = (batch: number, times: number) => {
    for (let i = 0; i < times; i++) model.observe(batch, latencyMs(batch), false)
  }
  for (const batch of [1, 2, 4, 8]) run(batch, 3)
  // The next size is hoped to go on as the last two did, and half of that is believed.
  assert.ok(Math.abs(model.hopedMs(16) / latencyMs(16) - 1) < 0.01, `${model.hopedMs(16)}`)
  const [eighth, half] = [latencyMs(8) / 8, (latencyMs(8) / 8 + 5) / 2]
  assert.ok(model.meanMs(16) < latencyMs(8) + 8 * eighth, `${model.meanMs(16)}`)
  assert.ok(Math.abs(model.meanMs(16) / (latencyMs(8) + 8 * half) - 1) < 0.01)
  run(8, 100)
  assert.ok(Math.abs(model.meanMs(1) / latencyMs(1) - 1) < 0.01, `${model.meanMs(1)}`)
})

Deno.test('a size whose batches are all given up is not tried for ever', () => {
  // Two items take far longer than two times one: none of them is in time, and none is heard of.
  const share = answeredInTime((batch) => batch === 1 ? 31 : 75 + 19 * batch, 190)
  // One by one the four do 129 a second, with what is known of that node for node.
  assert.ok(share > 0.85 * 129 / 190, `${share}`)
})
