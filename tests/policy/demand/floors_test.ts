/** Rates of queries by minimum accuracy. */
import assert from 'node:assert/strict'
import { Floors } from '../../../src/policy/estimate/demands.ts'

/** Queries at an even rate, for some seconds from some time on. */
function ask(
  floors: Floors,
  accuracy: number,
  ratePerS: number,
  { fromS = 0, seconds = 30 } = {},
): void {
  for (let i = 0; i < ratePerS * seconds; i++) {
    floors.count(accuracy, 1000 * (fromS + i / ratePerS))
  }
}

Deno.test('floors have the rate of their queries, from the first second on', () => {
  for (const seconds of [1, 3, 10, 60]) {
    const floors = new Floors()
    ask(floors, 0.9, 20, { seconds })
    const [{ accuracy, ratePerS } = { accuracy: NaN, ratePerS: NaN }] = floors.of(1000 * seconds)
    assert.equal(accuracy, 0.9)
    assert.ok(Math.abs(ratePerS - 20) < 1, `${ratePerS} after ${seconds} s`)
  }
})

Deno.test('a floor that was asked for once is remembered for a minute', () => {
  const floors = new Floors()
  floors.count(0.9, 0)
  assert.ok(floors.of(59_000)[0]!.ratePerS > 0)
  assert.deepEqual(floors.of(61_000), [])
  assert.equal(floors.size, 0)
})

Deno.test('the rarest of many floors are merged into the next higher one, none into a lower', () => {
  const floors = new Floors()
  const asked = [[0.5, 10], [0.6, 1], [0.7, 20], [0.8, 2], [0.9, 30], [0.95, 3]] as const
  for (const [accuracy, ratePerS] of asked) ask(floors, accuracy, ratePerS)
  const told = floors.of(30_000)
  assert.deepEqual(told.map(({ accuracy }) => accuracy), [0.5, 0.7, 0.9, 0.95])
  assert.deepEqual(told.map(({ ratePerS }) => Math.round(ratePerS)), [10, 21, 32, 3])
})
