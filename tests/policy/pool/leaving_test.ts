/** In a pool of many slots, a departure or a change of able variants does not regroup all slots. */
import assert from 'node:assert/strict'
import { createFanOut } from '../../../src/policy/estimate/fanout.ts'
import { Pool } from '../../../src/policy/state/pool.ts'
import { BatchSizes } from '../../../src/policy/estimate/batch_sizes.ts'
import { Profile } from '../../../src/policy/estimate/profile.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { ocr, refsOf } from '../fixtures.ts'

const able = refsOf(ocr)

/** `count` nodes of two slots that hold all, and one of one slot that holds less. */
function poolOf(count: number) {
  const shapes = shapesOf([ocr])
  const [profile, fanOut, sizes] = [new Profile(), createFanOut(), new BatchSizes()]
  const pool = new Pool({ shapes, profile, fanOut, sizes })
  const join = (node: string, slots: number, refs: typeof able) => {
    pool.handle({ type: 'node_joined', node, slots, duty: 1, able }, 0)
    for (let slot = 0; slot < slots; slot++) {
      for (const ref of refs) pool.handle({ type: 'instance_ready', node, slot, ...ref }, 0)
    }
  }
  for (let i = 0; i < count; i++) join(`n${i}`, 2, able)
  join('single', 1, able.slice(0, 1))
  const layoutAt = (nowMs: number) => pool.capacities.at(nowMs).layout
  const lostWith = (node: string) => pool.handle({ type: 'node_left', node }, 0)!.lost
  return { pool, layoutAt, lostWith, first: layoutAt(0) }
}

const slotsOf = ({ groups }: { groups: readonly { slots: readonly unknown[] }[] }) =>
  groups.reduce((sum, { slots }) => sum + slots.length, 0)

Deno.test('in a large pool a departed node leaves its group at once, and regrouping comes later', () => {
  const { pool, layoutAt, lostWith, first } = poolOf(100)
  const gone = pool.nodes.get('n5')!.slots.slice()
  assert.deepEqual(lostWith('n5'), [])
  assert.ok(layoutAt(0) === first)
  assert.equal(first.slotCount, 199)
  assert.equal(slotsOf(first), 199)
  assert.equal(first.groups.reduce((sum, { duty }) => sum + duty, 0), 199)
  assert.deepEqual(gone.map(({ group }) => group), [null, null])
  assert.ok(pool.capacities.classes.every(({ nodes }) => nodes.every(({ id }) => id !== 'n5')))
  const next = layoutAt(10)
  assert.ok(next !== first)
  assert.equal(next.slotCount, 199)
})

Deno.test('in a large pool a paused node can leave in the same way', () => {
  const { pool, layoutAt, lostWith } = poolOf(100)
  pool.handle({ type: 'node_reported', node: 'n5', paused: true }, 0)
  const without = layoutAt(10)
  assert.equal(slotsOf(without), 199)
  assert.deepEqual(lostWith('n5'), [])
  assert.ok(layoutAt(10) === without)
  assert.equal(slotsOf(without), 199)
  assert.equal(without.slotCount, 199)
})

Deno.test('regrouping is immediate after the last slot of a group left, and in a small pool', () => {
  const many = poolOf(100)
  many.lostWith('single')
  assert.ok(many.layoutAt(0) !== many.first)
  assert.equal(slotsOf(many.layoutAt(0)), 200)
  const few = poolOf(10)
  few.lostWith('n5')
  assert.ok(few.layoutAt(0) !== few.first)
  assert.equal(slotsOf(few.layoutAt(0)), 19)
})

Deno.test("in a large pool a node's new able variants cause regrouping later", () => {
  const { pool, layoutAt, first } = poolOf(100)
  pool.handle({ type: 'node_able', node: 'n5', able: able.slice(1) }, 0)
  assert.ok(layoutAt(0) === first)
  const next = layoutAt(10)
  assert.ok(next !== first)
  assert.equal(pool.capacities.classes.length, 2)
  const few = poolOf(10)
  few.pool.handle({ type: 'node_able', node: 'n5', able: able.slice(1) }, 0)
  assert.ok(few.layoutAt(0) !== few.first)
})
