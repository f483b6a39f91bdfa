import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createTable } from '../../../src/policy/core/table.ts'

const entriesOf = (table: unknown) => (table as { entries: unknown[] }).entries

Deno.test('createTable() keeps what a Map would, and no removed entry', () => {
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
    assert.deepEqual(table.values(), [...map.values()])
  }))
})

Deno.test('createTable() stays as small as its entries, however many pass through', () => {
  const table = createTable<number, { n: number }>()
  for (let n = 0; n < 1000; n++) {
    table.set(n, { n })
    if (n % 100 > 0) table.delete(n - 1)
    assert.ok(table.values().length === table.size && table.size <= 11, `${table.size} at ${n}`)
    assert.ok(entriesOf(table).length <= 2 * table.size + 33, `${entriesOf(table).length} at ${n}`)
  }
  assert.deepEqual(table.values().map(({ n }) => n), [
    99,
    199,
    299,
    399,
    499,
    599,
    699,
    799,
    899,
    999,
  ])
})
