/** When what was learned comes into force: soon after surprises, seldom while all is as expected. */
import assert from 'node:assert/strict'
import { createBatchSizes } from '../../src/policy/estimate/batch_sizes.ts'
import { createFanOut } from '../../src/policy/estimate/fanout.ts'
import { createPool } from '../../src/policy/state/pool.ts'
import { createProfile } from '../../src/policy/estimate/profile.ts'
import { shapesOf } from '../../src/policy/core/graph.ts'
import { createSharing } from '../../src/policy/lookahead/sharing.ts'
import { ocr, refsOf } from './fixtures.ts'

/** So many nodes that hold all, and whether the capacity was valued anew by then. */
function poolOf(count: number) {
  const shapes = shapesOf([ocr])
  const [profile, fanOut, sizes] = [createProfile(), createFanOut(), createBatchSizes()]
  const pool = createPool({
    ...{ shapes, profile, fanOut, sizes, sharing: createSharing({ pipelines: () => [] }) },
    ...{ limits: { maxBatch: 64 }, rulings: { isOpen: () => true } },
  })
  for (let i = 0; i < count; i++) {
    const node = `n${i}`
    pool.join({ type: 'node_joined', node, slots: 1, duty: 1, able: refsOf(ocr) })
    for (const ref of refsOf(ocr)) pool.loaded(node, 0, ref, true, 0)
  }
  const isNewAt = (nowMs: number) => {
    const before = pool.capacity(nowMs - 1e-3).capacity
    return pool.capacity(nowMs).capacity !== before
  }
  const correct = (times: number, surprising = false) => {
    for (let i = 0; i < times; i++) pool.corrected(surprising)
  }
  pool.capacity(0)
  return { isNewAt, correct }
}

Deno.test('capacity is valued each second while at most one batch in twenty surprises', () => {
  const { isNewAt, correct } = poolOf(8)
  correct(300)
  correct(15, true)
  for (const nowMs of [100, 500, 999]) assert.equal(isNewAt(nowMs), false, `at ${nowMs}`)
  assert.equal(isNewAt(1000), true)
  assert.equal(isNewAt(2500), false, 'nothing was learned since')
})

Deno.test('capacity is valued after a tenth of a second where more than that surprise', () => {
  const { isNewAt, correct } = poolOf(8)
  correct(20)
  correct(2, true)
  assert.equal(isNewAt(99), false)
  assert.equal(isNewAt(100), true)
  // One batch may always be odd.
  correct(1, true)
  assert.equal(isNewAt(210), false)
})

Deno.test('capacity of few slots is valued after a tenth of a second in any case', () => {
  const { isNewAt, correct } = poolOf(7)
  correct(1)
  assert.equal(isNewAt(99), false)
  assert.equal(isNewAt(100), true)
})
