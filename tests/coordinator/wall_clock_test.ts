/** Moments of a monotonic clock as the time of day, which machines set right now and then. */
import assert from 'node:assert/strict'
import { createWallClock } from '../../src/coordinator/observe/otel/wall_clock.ts'

Deno.test('the time of day follows a clock that was set, and keeps what lies between milliseconds', () => {
  let passedMs = 0
  let dayMs = 1_000_000.25
  const offset = createWallClock(() => passedMs, () => Math.floor(dayMs))
  const pass = (ms: number) => {
    passedMs += ms
    dayMs += ms
  }
  const before = offset()
  pass(0.5)
  assert.equal(offset(), before, 'within a millisecond nothing is known better')
  for (const setMs of [60_000, -30_000]) {
    dayMs += setMs
    pass(7.3)
    const toldMs = passedMs + offset()
    assert.ok(Math.floor(dayMs) <= toldMs && toldMs <= Math.floor(dayMs) + 1, `${toldMs}`)
  }
})
