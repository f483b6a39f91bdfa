import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createSeries } from '../../../src/policy/core/table.ts'

const entriesOf = (table: unknown) => (table as { entries: unknown[] }).entries

Deno.test('createSeries() keeps what a Map would, and no removed entry', () => {
  const step = fc.tuple(fc.constantFrom('set', 'set', 'delete'), fc.nat(99))
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const series = createSeries<{ n: number }>()
    const map = new Map<number, { n: number }>()
    let id = 0
    for (const [what, n] of steps) {
      if (what === 'set') {
        // With gaps between them.
        id += 1 + n % 3
        series.set(id, { n })
        map.set(id, { n })
      } else assert.equal(series.delete(n), map.delete(n))
      assert.equal(series.size, map.size)
      assert.deepEqual(series.get(n), map.get(n))
      assert.equal(series.has(n), map.has(n))
    }
    assert.deepEqual(series.values(), [...map.values()])
  }))
})

Deno.test('createSeries() stays as small as its entries, however many pass through', () => {
  const series = createSeries<{ n: number }>()
  for (let n = 0; n < 1000; n++) {
    series.set(n, { n })
    if (n % 100 > 0) series.delete(n - 1)
    assert.ok(
      entriesOf(series).length <= 3 * series.size + 33,
      `${entriesOf(series).length} at ${n}`,
    )
  }
  assert.deepEqual(
    series.values().map(({ n }) => n),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => 100 * n + 99),
  )
})

Deno.test('createSeries() takes no id twice, and none below another', () => {
  const series = createSeries<string>()
  series.set(5, 'five')
  for (const id of [5, 4, NaN]) assert.throws(() => series.set(id, 'other'), RangeError)
  assert.deepEqual(series.values(), ['five'])
})
