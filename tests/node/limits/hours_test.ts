import { deepEqual, equal } from 'node:assert/strict'
import { minuteOf, timeOf, zoneOf } from '../../../src/node/limits/hours.ts'
import { createPauseRules } from '../../../src/node/limits/pause_rules.ts'
import { createTestClock } from '../clock.ts'

const NIGHT = { fromMinute: 22 * 60, untilMinute: 6 * 60 }

/** Reasons as the day goes by these minutes. */
function reasonsAt(minutes: number[], hours?: typeof NIGHT) {
  const rules = createPauseRules(
    createTestClock(),
    { onBattery: false, whenHidden: false, underPressure: false, hours },
    () => {},
  )
  return minutes.map((minute) => {
    rules.signal({ type: 'time', minute })
    return rules.reason
  })
}

Deno.test('rules pause outside the hours, over midnight too', () => {
  const day = [21 * 60 + 59, 22 * 60 + 2, 23 * 60, 0, 5 * 60 + 59, 6 * 60, 12 * 60]
  deepEqual(reasonsAt(day, NIGHT), [
    ...['hours', undefined, undefined, undefined, undefined, 'hours', 'hours'],
  ])
  deepEqual(reasonsAt(day), day.map(() => undefined))
})

Deno.test('a clock that is set back at the beginning does not begin twice', () => {
  const trembling = [21 * 60 + 59, 22 * 60, 21 * 60 + 59, 22 * 60, 22 * 60 + 1, 22 * 60 + 2]
  deepEqual(reasonsAt(trembling, NIGHT), ['hours', 'hours', 'hours', 'hours', 'hours', undefined])
})

Deno.test('zoneOf() knows hours within a day, and takes equal ends for all of it', () => {
  const day = { fromMinute: 9 * 60, untilMinute: 17 * 60 }
  deepEqual([8, 9, 10, 16, 17].map((hour) => zoneOf(day, 60 * hour)), [
    ...['bad', 'between', 'good', 'good', 'bad'],
  ])
  for (const minute of [0, 540, 541, 1439]) {
    equal(zoneOf({ fromMinute: 540, untilMinute: 540 }, minute), 'good')
  }
})

Deno.test('minuteOf() reads what timeOf() writes, and nothing that is no time', () => {
  for (const minute of [0, 1, 599, 1439]) equal(minuteOf(timeOf(minute)), minute)
  deepEqual(['', '24:00', '7:30', 'noon'].map(minuteOf), Array(4).fill(undefined))
})
