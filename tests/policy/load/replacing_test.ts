/** A slot that loads: what it holds may be gone at any moment, and it is slower meanwhile. */
import { creditAtMs } from '../../../src/policy/state/credit.ts'
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

/** Loads of a slot that holds `small` and is to hold `large`, with room for so many. */
function loadsOf(room: number, swapRoom: boolean) {
  const loads: [variant: string, replacing: boolean][] = []
  const loader = new Loader({
    maxAttempts: 3,
    load: (_node, _slot, ref, replacing) => void loads.push([ref.variant, replacing]),
    unload: () => {},
  })
  const slot = loader.slot()
  slot.held.add(small!)
  slot.wanted = [large!]
  loader.next(slot, { node: 'a', slot: 0 }, (some) => [...some].length <= room, swapRoom, 0)
  return loads
}

Deno.test('loader says whether a load takes the place of what the slot serves meanwhile', () => {
  assert.deepEqual(loadsOf(1, true), [['large', true]])
  assert.deepEqual(loadsOf(2, true), [['large', false]])
  assert.deepEqual(loadsOf(1, false), [['large', false]])
})

Deno.test('loader does not come back for a variant that failed once nobody wants it', () => {
  const loader = new Loader({ maxAttempts: 3, load: () => {}, unload: () => {} })
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
    unload: () => {},
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

Deno.test('a slot whose variant is being replaced has credit only once it is idle', () => {
  const slot = createSlot({ id: 'a', inUse: { slots: 1, duty: 1 }, paused: false } as PoolNode, 0)
  const running = {
    ...{ meanMs: 100, upperMs: 120, networkMs: 2, endsAtMs: 100, abandonedUntilMs: null },
    variant: { task: { rows: 1 } },
  }
  slot.batches.push(running as typeof slot.batches[number])
  assert.ok(creditAtMs(slot, 50) < 100)
  slot.replacing = true
  assert.equal(creditAtMs(slot, 50), Infinity)
  slot.batches.length = 0
  assert.equal(creditAtMs(slot, 50), 0)
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
