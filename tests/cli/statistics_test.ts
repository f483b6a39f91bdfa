/** Quantiles and medians of measured times. */
import assert from 'node:assert/strict'
import { median, quantile } from '../../src/cli/statistics.ts'

const upTo = (most: number) => Array.from({ length: most }, (_, i) => most - i)

Deno.test('quantile() is the least value that so many of a hundred are no more than', () => {
  for (const share of [0.01, 0.07, 0.29, 0.5, 0.9, 0.95, 0.99]) {
    assert.equal(quantile(upTo(100), share), Math.round(100 * share))
  }
  assert.deepEqual([0, 0.5, 0.95, 1].map((share) => quantile(upTo(20), share)), [1, 10, 19, 20])
  assert.deepEqual([0, 0.5, 0.99, 1].map((share) => quantile(upTo(5), share)), [1, 3, 5, 5])
  assert.equal(quantile([7], 0.999), 7)
  assert.equal(quantile([], 0.5), NaN)
})

Deno.test('median() of an even number of values prefers neither of the two in the middle', () => {
  assert.equal(median([9, 1, 4]), 4)
  assert.equal(median([1.1, 0.9, 1, 0.8]), 0.95)
  assert.equal(median([3]), 3)
  assert.equal(median([]), NaN)
})
