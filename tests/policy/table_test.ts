import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createTable } from '../../src/policy/table.ts'

Deno.test('createTable() keeps what a Map would, and nothing that was taken out', () => {
  const id = fc.oneof(fc.nat(9), fc.constantFrom('a', '7', '__proto__', 'constructor'))
  const step = fc.tuple(fc.constantFrom('set', 'delete'), id, fc.nat())
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const table = createTable<string | number, number>()
    const map = new Map<string, number>()
    for (const [what, id, entry] of steps) {
      if (what === 'set') {
        table.set(id, entry)
        map.set(String(id), entry)
      } else assert.equal(table.delete(id), map.delete(String(id)))
      assert.equal(table.size, map.size)
      assert.equal(table.get(id), map.get(String(id)))
      assert.equal(table.has(id), map.has(String(id)))
    }
    assert.deepEqual(table.values().toSorted(), [...map.values()].toSorted())
  }))
})

Deno.test('createTable() gives what has numbers in their order', () => {
  const table = createTable<number, string>()
  for (const id of [1, 2, 3, 4_000_000, 4_000_001]) table.set(id, `of ${id}`)
  for (const id of [2, 4_000_000]) table.delete(id)
  assert.deepEqual(table.values(), ['of 1', 'of 3', 'of 4000001'])
})
