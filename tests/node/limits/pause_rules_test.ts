import { deepEqual, equal, ok } from 'node:assert/strict'
import { isMetered } from '../../../src/node/limits/metered.ts'
import { createPauseRules, type PauseChoices } from '../../../src/node/limits/pause_rules.ts'
import type { Pressure } from '../../../src/node/limits/signals.ts'
import { createTestClock } from '../clock.ts'

function fixture(choices: Partial<PauseChoices> = {}) {
  const clock = createTestClock()
  const changes: (string | undefined)[] = []
  const rules = createPauseRules(
    clock,
    { onBattery: true, whenHidden: true, underPressure: true, ...choices },
    (reason) => changes.push(reason),
  )
  const battery = (charging: boolean, level = 0.5) =>
    rules.signal({ type: 'battery', charging, level })
  const pressure = (state: Pressure) => rules.signal({ type: 'pressure', state })
  return { clock, rules, changes, battery, pressure }
}

Deno.test('rules pause at once on battery, and go on once it has charged for a while', async () => {
  const { clock, changes, battery } = fixture()
  battery(false, 0.9)
  deepEqual(changes, ['battery'])
  battery(true, 0.9)
  await clock.advance(5000)
  battery(false, 0.9)
  battery(true, 0.9)
  await clock.advance(9999)
  deepEqual(changes, ['battery'])
  await clock.advance(1)
  deepEqual(changes, ['battery', undefined])
})

Deno.test('rules that allow the battery pause below 20 %, and go on above 30 %', async () => {
  const { clock, changes, battery } = fixture({ onBattery: false })
  battery(false, 0.5)
  battery(false, 0.21)
  battery(false, 0.2)
  deepEqual(changes, [])
  battery(false, 0.19)
  deepEqual(changes, ['battery'])
  for (const level of [0.21, 0.19, 0.29, 0.3]) {
    battery(false, level)
    await clock.advance(60_000)
  }
  deepEqual(changes, ['battery'])
  battery(false, 0.31)
  await clock.advance(10_000)
  deepEqual(changes, ['battery', undefined])
})

Deno.test('rules pause a hidden tab after a while, a glance elsewhere does nothing', async () => {
  const { clock, rules, changes } = fixture()
  for (let i = 0; i < 5; i++) {
    rules.signal({ type: 'hidden', hidden: true })
    await clock.advance(3000)
    rules.signal({ type: 'hidden', hidden: false })
    await clock.advance(3000)
  }
  deepEqual(changes, [])
  rules.signal({ type: 'hidden', hidden: true })
  await clock.advance(5000)
  deepEqual(changes, ['hidden'])
  rules.signal({ type: 'hidden', hidden: false })
  await clock.advance(1000)
  deepEqual(changes, ['hidden', undefined])
})

Deno.test('rules pause under pressure that stays, and go on when it is nominal again', async () => {
  const { clock, changes, pressure } = fixture()
  pressure('serious')
  await clock.advance(59_000)
  pressure('fair')
  await clock.advance(60_000)
  deepEqual(changes, [])
  pressure('serious')
  await clock.advance(5000)
  pressure('critical')
  await clock.advance(29_999)
  deepEqual(changes, [])
  await clock.advance(1)
  deepEqual(changes, ['pressure'])
  pressure('fair')
  await clock.advance(600_000)
  deepEqual(changes, ['pressure'], 'others still want the processor')
  pressure('nominal')
  await clock.advance(10_000)
  deepEqual(changes, ['pressure', undefined])
})

Deno.test('rules learn that pressure is their own: they pause for it less and less', async () => {
  const { clock, rules, changes, pressure } = fixture()
  const waitsMs: number[] = []
  for (let round = 0; round < 8; round++) {
    pressure('critical')
    const fromMs = clock.nowMs()
    while (rules.reason === undefined) await clock.advance(1000)
    waitsMs.push(clock.nowMs() - fromMs)
    pressure('nominal')
    await clock.advance(10_000)
  }
  deepEqual(waitsMs.map((ms) => ms / 1000), [30, 60, 120, 240, 480, 480, 480, 480])
  // Pressure that outlasts the pause was not: the next one counts as soon as at first.
  pressure('critical')
  await clock.advance(480_000)
  await clock.advance(60_000)
  pressure('nominal')
  await clock.advance(10_000)
  equal(rules.reason, undefined)
  pressure('critical')
  await clock.advance(30_000)
  equal(rules.reason, 'pressure')
  ok(changes.length > 0)
})

Deno.test('rules that were not chosen do nothing', async () => {
  const { clock, rules, changes, pressure } = fixture({ whenHidden: false, underPressure: false })
  rules.signal({ type: 'hidden', hidden: true })
  pressure('critical')
  await clock.advance(600_000)
  deepEqual(changes, [])
})

Deno.test('rules tell of several reasons one, and end when the last one does', async () => {
  const { clock, rules, changes, battery } = fixture()
  battery(false)
  rules.setByVolunteer(true)
  rules.setByVolunteer(false)
  battery(true)
  await clock.advance(10_000)
  deepEqual(changes, ['battery', 'volunteer', 'battery', undefined])
})

Deno.test('isMetered() believes what a browser says, and takes silence for no', () => {
  const metered = [
    { saveData: true },
    { type: 'cellular', effectiveType: '4g' },
    { effectiveType: '3g' },
    { effectiveType: 'slow-2g' },
  ]
  const not = [undefined, {}, { saveData: false, type: 'wifi', effectiveType: '4g' }]
  deepEqual(metered.map(isMetered), [true, true, true, true])
  deepEqual(not.map(isMetered), [false, false, false])
})
