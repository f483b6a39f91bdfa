/** A loading slot: it serves the variants it holds meanwhile, more slowly. */
import assert from 'node:assert/strict'
import { Loader } from '../../../src/policy/place/loader.ts'
import { shapesOf, type VariantShape } from '../../../src/policy/core/graph.ts'
import type { VariantRef } from '../../../src/policy/core/types.ts'
import { BatchSizes } from '../../../src/policy/estimate/batch_sizes.ts'
import { createFanOut } from '../../../src/policy/estimate/fanout.ts'
import { Pool } from '../../../src/policy/state/pool.ts'
import type { Batch } from '../../../src/policy/state/node.ts'
import { Profile } from '../../../src/policy/estimate/profile.ts'
import { type PoolNode, Slot } from '../../../src/policy/state/node.ts'
import { changePace, meanMsOn, upperMsOn } from '../../../src/policy/state/slots.ts'
import { ocr, refsOf } from '../fixtures.ts'

const shapes = shapesOf([ocr])
const [small, large] = refsOf(ocr).map((ref) => shapes.find(ref)!)

/** A slot with room for `room` variants, and its loader. */
function scene(room: number) {
  const profile = new Profile()
  const pool = new Pool({ shapes, profile, fanOut: createFanOut(), sizes: new BatchSizes() })
  const done: string[] = []
  const loader = new Loader({
    pool,
    maxAttempts: 3,
    emit: (command) => void done.push(`${command.type} ${(command as VariantRef).variant}`),
  })
  const able = refsOf(ocr).map((ref) => ({ ...ref, memoryBytes: 1 }))
  const limits = { slots: 1, duty: 1, memoryBytes: room }
  const { node } = pool.handle({ type: 'node_joined', node: 'a', able, ...limits }, 0)!
  const slot = node.slots[0]!
  const next = (nowMs: number) => loader.start(node, () => true, nowMs)
  const say = (type: 'instance_ready' | 'load_failed', { ref }: VariantShape, nowMs: number) =>
    void pool.handle({ type, node: 'a', slot: 0, message: '', ...ref }, nowMs)
  return { pool, loader, slot, next, say, done }
}

Deno.test('a slot unloads a variant for a load only once its batches are done', () => {
  const { pool, loader, slot, next, say, done } = scene(1)
  say('instance_ready', small!, 0)
  slot.wanted = [large!]
  slot.batches.push({ variant: small, items: [] } as unknown as Batch)
  next(0)
  next(0)
  assert.deepEqual(done, [])
  assert.equal(slot.held.size, 0)
  slot.batches.length = 0
  pool.leaving.changed(slot)
  for (const left of pool.leaving.take()) loader.unload(left.slot, left.variant)
  next(0)
  assert.deepEqual(done, ['unload small', 'load large'])
})

Deno.test('loader does not retry a failed variant that is no longer wanted', () => {
  const { loader, slot } = scene(2)
  slot.wanted = [large!]
  loader.failed(slot, large!, 0)
  assert.equal(loader.retryAtMs(slot), 2000)
  slot.wanted = [small!]
  assert.equal(loader.retryAtMs(slot), Infinity)
})

Deno.test('a variant that a slot held and lost is loaded again, but not beside another load', () => {
  const { loader, slot, next, say, done } = scene(2)
  slot.wanted = [small!, large!]
  say('instance_ready', small!, 0)
  next(0)
  say('load_failed', small!, 0)
  loader.failed(slot, small!, 0)
  next(5000)
  assert.deepEqual(done, ['load large'])
  say('instance_ready', large!, 5000)
  next(5000)
  assert.deepEqual(done, ['load large', 'load small'])
})

Deno.test('a batch beside a load is expected to take longer, also if the load begins later', () => {
  const profile = new Profile()
  const times = profile.of('a')
  const slot = new Slot(
    { id: 'a', times, inUse: { slots: 1, duty: 1 }, paused: false } as PoolNode,
    0,
  )
  const alone = { meanMs: meanMsOn(slot, small!, 1), upperMs: upperMsOn(slot, small!, 1) }
  slot.loading = large!
  assert.equal(meanMsOn(slot, small!, 1), alone.meanMs * profile.loadFactor('a'))
  assert.ok(upperMsOn(slot, small!, 1) > alone.upperMs)
  const batch = { meanMs: 100, upperMs: 120, endsAtMs: 100, items: [] }
  const behind = { meanMs: 50, upperMs: 60, endsAtMs: 150, items: [] }
  slot.batches.push(...[batch, behind] as unknown as typeof slot.batches)
  changePace(slot, 2, 60)
  assert.deepEqual([batch.endsAtMs, behind.endsAtMs], [140, 240])
  changePace(slot, 0.5, 100)
  assert.deepEqual([batch.endsAtMs, behind.endsAtMs], [120, 170])
})
