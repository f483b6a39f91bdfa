import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import { createPayloadStore, payloadKey } from '../../src/node/payloads.ts'

Deno.test('payload store lets the oldest go when room is short', () => {
  const store = createPayloadStore(10)
  equal(store.put('a', new Uint8Array(4)), true)
  equal(store.put('b', new Uint8Array(4)), true)
  equal(store.put('c', new Uint8Array(4)), true)
  equal(store.get('a'), undefined)
  equal(store.get('b')?.byteLength, 4)
  equal(store.heldBytes, 8)
  store.release(['b', 'never kept'])
  equal(store.heldBytes, 4)
  store.clear()
  equal(store.get('c'), undefined)
  equal(store.heldBytes, 0)
})

Deno.test('payload store keeps nothing larger than itself', () => {
  const store = createPayloadStore(10)
  store.put('a', new Uint8Array(10))
  equal(store.put('b', new Uint8Array(11)), false)
  equal(store.get('a')?.byteLength, 10)
})

Deno.test('payload store never holds more than it may and counts right', () => {
  const steps = fc.array(fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    bytes: fc.option(fc.integer({ min: 0, max: 12 })),
  }))
  fc.assert(fc.property(steps, (steps) => {
    const store = createPayloadStore(10)
    for (const { key, bytes } of steps) {
      if (bytes === null) store.release([key])
      else store.put(key, new Uint8Array(bytes))
      const held = ['a', 'b', 'c', 'd'].map((key) => store.get(key)?.byteLength ?? 0)
      equal(store.heldBytes, held.reduce((sum, size) => sum + size))
      equal(store.heldBytes <= 10, true)
    }
  }))
})

Deno.test('payloadKey() tells all children of a node apart', () => {
  const keys = [payloadKey(1, 11, 't', 1), payloadKey(11, 1, 't', 1), payloadKey(1, 1, 't', 11)]
  deepEqual(new Set(keys).size, 3)
})
