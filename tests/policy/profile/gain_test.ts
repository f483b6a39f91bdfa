/** How far one batch moves an estimate, for constant and for varying batch times. */
import assert from 'node:assert/strict'
import { Profile } from '../../../src/policy/estimate/profile.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { createRandom, lognormal } from '../../../src/sim/random.ts'
import { ocr } from '../fixtures.ts'

const shapes = shapesOf([ocr])
const variant = shapes.find({ pipeline: 'ocr', task: 'detect', variant: 'small' })!
const MS = 40

/** One node that runs batch after batch; returns the estimates for the next one. */
function openNode(cv: number, seed = 1) {
  const random = createRandom(seed)
  const profile = new Profile()
  profile.measured('a', variant, [{ batch: 1, latencyMs: MS }])
  return {
    meanMs: () => profile.meanMs('a', variant, 1),
    run(count: number, times = 1) {
      for (let i = 0; i < count; i++) {
        profile.ran('a', variant, 1, times * MS * lognormal(random, cv))
      }
    },
  }
}

/** Relative standard deviation of an estimate over many batches. */
function straying(cv: number): number {
  const node = openNode(cv)
  node.run(50)
  const seen = Array.from({ length: 2000 }, () => {
    node.run(1)
    return node.meanMs()
  })
  const mean = seen.reduce((sum, ms) => sum + ms) / seen.length
  return Math.sqrt(seen.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / seen.length) / mean
}

Deno.test('estimates do not follow noise, however much batch times vary', () => {
  assert.ok(straying(0.1) < 0.05, String(straying(0.1)))
  // With the same weight for each batch it varies by a quarter.
  assert.ok(straying(1) < 0.17, String(straying(1)))
})

Deno.test('a slowdown is noticed within a few batches if batch times are alike', () => {
  const node = openNode(0.1)
  node.run(50)
  node.run(12, 2)
  assert.ok(node.meanMs() > 1.8 * MS, String(node.meanMs()))
})

Deno.test('a slowdown is noticed before long if batch times vary: a run of late batches is no chance', () => {
  let sum = 0
  for (let seed = 1; seed <= 20; seed++) {
    const node = openNode(0.8, seed)
    node.run(100)
    node.run(40, 2.5)
    sum += node.meanMs() / 20
  }
  assert.ok(sum > 2 * MS, String(sum))
})
