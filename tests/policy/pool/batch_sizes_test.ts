/** Sizes of the batches that ran, and the cost of an item of each variant. */
import assert from 'node:assert/strict'
import { BatchSizes } from '../../../src/policy/estimate/batch_sizes.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { ocr } from '../fixtures.ts'

const shapes = shapesOf([ocr])
const [tiny, mid, big] = ['tiny', 'mid', 'big'].map((variant) =>
  shapes.find({ pipeline: 'ocr', task: 'read', variant })!
)
/** A batch of eight takes three times as long as one item. */
const latencyMs = (batch: number) => 10 + 20 * (batch - 1) / 7

Deno.test('an item costs its share of the batches of its own variant', () => {
  const sizes = new BatchSizes()
  for (let i = 0; i < 200; i++) {
    sizes.ran('class-1', tiny!, 8)
    for (let k = 0; k < 8; k++) sizes.ran('class-1', mid!, 1)
  }
  const [tinyMs, midMs] = [tiny, mid].map((one) => sizes.costs('class-1', one!, latencyMs).costMs)
  // In one batch for all they would cost the same.
  assert.ok(midMs! > tinyMs! + 3, `${midMs} and ${tinyMs}`)
})

Deno.test("a variant that never ran, or not recently, is expected in batches of the others' size", () => {
  const sizes = new BatchSizes()
  for (let i = 0; i < 200; i++) sizes.ran('class-1', mid!, 1)
  for (let i = 0; i < 200; i++) sizes.ran('class-1', tiny!, 8)
  for (const variant of [mid, big]) {
    const ms = sizes.costs('class-1', variant!, latencyMs).costMs
    assert.ok(ms < 5, `${ms} of ${variant!.ref.variant}`)
  }
})

Deno.test('before a class ran a batch, a plan expects the items of one query, a decision single items', () => {
  const sizes = new BatchSizes()
  const [, read] = shapes.pipelines.get('ocr')!.tasks
  assert.equal(read!.name, 'read')
  // The most accurate detector hands on four.
  assert.equal(sizes.costs('class-1', big!, (batch) => 10 + batch).planMs, 14 / 4)
  assert.equal(sizes.costs('class-1', big!, (batch) => 10 + batch).costMs, 11)
  // A device on which larger batches cost more per item runs items one by one.
  assert.equal(sizes.costs('class-1', big!, (batch) => 10 * batch ** 2).planMs, 10)
  sizes.ran('class-1', mid!, 2)
  assert.equal(sizes.costs('class-1', big!, (batch) => 10 + batch).planMs, 6)
})
