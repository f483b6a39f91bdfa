/** A slot that may lose what it holds at any moment gets nothing that would have to wait there. */
import assert from 'node:assert/strict'
import { createLoader } from '../../src/policy/loader.ts'
import { shapesOf } from '../../src/policy/shape.ts'
import { createSlot, creditAtMs, type PoolNode } from '../../src/policy/slots.ts'
import { ocr, refsOf } from './fixtures.ts'

const shapes = shapesOf([ocr])
const [small, large] = refsOf(ocr).map((ref) => shapes.find(ref)!)

/** Loads of a slot that holds `small` and is to hold `large`, with room for so many. */
function loadsOf(room: number, swapRoom: boolean) {
  const loads: [variant: string, replacing: boolean][] = []
  const loader = createLoader({
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
  const loader = createLoader({ maxAttempts: 3, load: () => {}, unload: () => {} })
  const slot = loader.slot()
  slot.wanted = [large!]
  loader.failed(slot, large!, 0)
  assert.equal(loader.retryAtMs(slot), 2000)
  slot.wanted = [small!]
  assert.equal(loader.retryAtMs(slot), Infinity)
})

Deno.test('a slot whose variant is being replaced has credit only once it is idle', () => {
  const slot = createSlot({ id: 'a', duty: 1, paused: false } as PoolNode, 0)
  const running = { meanMs: 100, upperMs: 120, networkMs: 2, endsAtMs: 100, ghostUntilMs: null }
  slot.batches.push(running as typeof slot.batches[number])
  assert.ok(creditAtMs(slot, 50) < 100)
  slot.replacing = true
  assert.equal(creditAtMs(slot, 50), Infinity)
  slot.batches.length = 0
  assert.equal(creditAtMs(slot, 50), 0)
})
