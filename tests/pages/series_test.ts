/** The figures of the dashboard: what is kept, and what a number of rows come to. */
import assert from 'node:assert/strict'
import { append, emptySeries, LIVE_SECONDS, summarise } from '../../src/pages/dashboard/series.ts'
import { ago, amount, duration, percent } from '../../src/pages/format.ts'

const second = (demandPerS: number, violationRatio: number | null, accuracy: number | null) => ({
  ...{ demandPerS, violationRatio, accuracy, inFlight: 0, queued: 0 },
  servedPerS: violationRatio === null ? 0 : demandPerS * (1 - violationRatio),
  latency: violationRatio === null ? null : { p50Ms: 10, p95Ms: 20 * demandPerS, p99Ms: 30 },
})

Deno.test('append() keeps five minutes', () => {
  const series = emptySeries()
  for (let i = 0; i < LIVE_SECONDS + 20; i++) append(series, second(i, 0, 1))
  assert.ok(Object.values(series).every((column) => column.length === LIVE_SECONDS))
  assert.equal(series.demandPerS.at(-1), LIVE_SECONDS + 19)
})

Deno.test('summarise() weighs ratios by what they are of', () => {
  const series = emptySeries()
  append(series, second(0, null, null))
  append(series, second(9, 0, 0.9))
  append(series, second(1, 1, null))
  const { demandPerS, violationRatio, accuracy, p95Ms } = summarise(series, 10)
  assert.ok(Math.abs(demandPerS - 10 / 3) < 1e-9)
  assert.ok(Math.abs(violationRatio! - 0.1) < 1e-9, 'one of ten')
  assert.ok(Math.abs(accuracy! - 0.9) < 1e-9)
  assert.equal(p95Ms, 20, 'the last that is known')
  assert.equal(summarise(series, 60).p95Ms, 180, 'the worst of a long time')
  assert.equal(summarise(emptySeries(), 10).violationRatio, null)
})

Deno.test('summarise() never has half of the queries slower than nearly all', () => {
  const series = emptySeries()
  for (const ms of [900, 700, 300]) {
    append(series, {
      ...second(1, 0, 1),
      latency: { p50Ms: ms, p95Ms: ms + 50, p99Ms: ms + 60 },
    })
  }
  for (const count of [10, 60]) {
    const { p50Ms, p95Ms, p99Ms } = summarise(series, count)
    assert.ok(p50Ms! <= p95Ms! && p95Ms! <= p99Ms!, `${count} rows: ${p50Ms}, ${p95Ms}, ${p99Ms}`)
  }
  const { p50Ms, p95Ms, p99Ms } = summarise(series, 60)
  assert.deepEqual([p50Ms, p95Ms, p99Ms], [900, 950, 960], 'all of the worst, as the page says')
})

Deno.test('numbers read as people write them', () => {
  assert.deepEqual([0, 0.08, 3.14, 12.34, 1234.5].map(amount), [
    '0',
    '0.08',
    '3.1',
    '12.3',
    '1,235',
  ])
  assert.deepEqual([0, 0.004, 0.979, 0.9999, 1].map(percent), ['0', '0.40', '97.9', '99.9', '100'])
  assert.deepEqual([0.42, 42.4, 999, 12_345].map(duration), ['0.4 ms', '42 ms', '1.0 s', '12 s'])
  assert.deepEqual([0, 45_000, 600_000, 7_200_000].map(ago), [
    'now',
    '45 s ago',
    '10 min ago',
    '2 h ago',
  ])
})
