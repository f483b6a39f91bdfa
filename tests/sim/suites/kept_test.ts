/** Rows that a page shows already, read back. */
import assert from 'node:assert/strict'
import { areRun, keptOf, rowsIn } from '../../../src/sim/suites/run/kept.ts'

Deno.test('rows of several pipelines are read back from a page, each as it is there', () => {
  const page = [
    ...[
      '### Shared, "all"',
      '',
      '| scenario | bound % | shoal: violations, accuracy | loki: violations, accuracy |',
    ],
    ...['| --- | --- | --- | --- |', '| 60/s and 5/s | 99.67 | 0.015, 99.43 | 2.96, 99.67 |'],
    ...[
      '| 60/s and 5/s: first | | 0.016, 99.39 | 2.13, 99.64 |',
      '| 60/s and 5/s: second | | 0.000, 99.89 | 12.65, 100.00 |',
    ],
    ...['| 6/s and 5/s | 99.67 | 0.000, 99.6 | 1.00, 99.67 |', ''],
  ].join('\n')
  const bound = { served: 1, accuracy: 0.9968 }
  const about = { table: 'Shared, "all"', row: '60/s and 5/s', policy: 'loki', bound }
  const kept = keptOf(rowsIn(page), about, ['first', 'second'])
  assert.deepEqual(kept.map(({ row }) => row), [
    ...['60/s and 5/s', '60/s and 5/s: first', '60/s and 5/s: second'],
  ])
  assert.deepEqual(kept.map(({ policy }) => policy), ['loki', 'loki', 'loki'])
  assert.deepEqual(kept.map((row) => row.bound), [bound, undefined, undefined])
  assert.ok(Math.abs(kept[2]!.violationRatio.mean - 0.1265) < 1e-9)
  // What needs more than a page shows is not made of such rows.
  const scenario = { seed: 1 }
  const cases = [{ ...about, scenario, contenders: [{ policy: 'loki' }] }]
  assert.equal(areRun(kept, cases), false)
  assert.equal(areRun(kept.map((row) => ({ ...row, roots: 100 })), cases), true)
  assert.equal(areRun([], cases), false)
})
