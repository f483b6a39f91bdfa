/** A slot that loads: it serves what it holds meanwhile, slower. */
import assert from 'node:assert/strict'
import { Loader } from '../../../src/policy/place/loader.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { Profile } from '../../../src/policy/estimate/profile.ts'
import {
  changePace,
  createSlot,
  meanMsOn,
  type PoolNode,
  upperMsOn,
} from '../../../src/policy/state/slots.ts'
import { ocr, refsOf } from '../fixtures.ts'

const shapes = shapesOf([ocr])
const [small, large] = refsOf(ocr).map((ref) => shapes.find(ref)!)

Deno.test('a slot makes room for a load only once batches of what has to go are done', () => {
  const done: string[] = []
  const loader = new Loader({
    maxAttempts: 3,
    load: (_node, _slot, { variant }) => void done.push(`load ${variant}`),
    unload: (_node, _slot, { variant }) => {
      done.push(`let go of ${variant}`)
      return false
    },
  })
  const slot = loader.slot()
  slot.held.add(small!)
  slot.wanted = [large!]
  const next = () =>
    loader.next(slot, { node: 'a', slot: 0 }, (some) => [...some].length <= 1, false, 0)
  next()
  next()
  assert.deepEqual(done, ['let go of small'])
  slot.leaving.delete(small!)
  next()
  assert.deepEqual(done, ['let go of small', 'load large'])
})

Deno.test('loader does not come back for a variant that failed once nobody wants it', () => {
  const loader = new Loader({ maxAttempts: 3, load: () => {}, unload: () => true })
  const slot = loader.slot()
  slot.wanted = [large!]
  loader.failed(slot, large!, 0)
  assert.equal(loader.retryAtMs(slot), 2000)
  slot.wanted = [small!]
  assert.equal(loader.retryAtMs(slot), Infinity)
})

Deno.test('what a slot held and has lost is loaded anew, though not beside another load', () => {
  const loads: string[] = []
  const loader = new Loader({
    maxAttempts: 3,
    load: (_node, _slot, { variant }) => void loads.push(variant),
    unload: () => true,
  })
  const slot = loader.slot()
  const next = (nowMs: number) =>
    loader.next(slot, { node: 'a', slot: 0 }, () => true, false, nowMs)
  slot.wanted = [small!, large!]
  slot.held.add(small!)
  next(0)
  loader.failed(slot, small!, 0)
  next(5000)
  assert.deepEqual(loads, ['large'])
  loader.ready(slot, large!)
  next(5000)
  assert.deepEqual(loads, ['large', 'small'])
})

Deno.test('a batch beside a load is expected to take longer, and so is one that a load finds running', () => {
  const profile = new Profile()
  const times = profile.of('a')
  const slot = createSlot(
    { id: 'a', times, inUse: { slots: 1, duty: 1 }, paused: false } as PoolNode,
    0,
  )
  const alone = { meanMs: meanMsOn(slot, small!, 1), upperMs: upperMsOn(slot, small!, 1) }
  slot.loading.add(large!)
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
