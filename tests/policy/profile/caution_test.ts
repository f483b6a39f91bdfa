/** How much of the laxity is kept, by what was late. */
import assert from 'node:assert/strict'
import { createCaution, LEAST_KEEP } from '../../../src/policy/profile/caution.ts'

/** The mean of what is kept while so large a share is late, by chance-free turns. */
function settled(share: (keep: number) => number): number {
  const caution = createCaution()
  let owed = 0
  for (let i = 0; i < 200_000; i++) {
    owed += 10 * share(caution.keep)
    const missed = Math.floor(owed)
    owed -= missed
    caution.learn(10, missed, false, 100 * i)
  }
  return caution.keep
}

Deno.test('where hardly any query is late nothing more is kept', () => {
  assert.equal(settled(() => 0), LEAST_KEEP)
  assert.ok(settled(() => 0.0005) < LEAST_KEEP + 0.05)
})

Deno.test('where keeping more helps, as much is kept as leaves one of a thousand late', () => {
  // Ten times fewer are late for each fifth of the laxity that is kept.
  const late = (keep: number) => 0.05 * 10 ** (-(keep - LEAST_KEEP) / 0.2)
  const keep = settled(late)
  assert.ok(keep > LEAST_KEEP + 0.25 && keep < LEAST_KEEP + 0.4, String(keep))
  assert.ok(late(keep) > 0.0004 && late(keep) < 0.0025, String(late(keep)))
})

Deno.test('where nothing helps it stays within bounds, and fades when all goes well at the best', () => {
  const caution = createCaution()
  for (let i = 0; i < 1000; i++) caution.learn(10, 10, false, 0)
  const most = caution.keep
  assert.ok(most > 0.5 && most < 1)
  for (let i = 0; i < 3000; i++) caution.learn(8, 0, true, 0)
  assert.ok(caution.keep < LEAST_KEEP + 0.05, String(caution.keep))
})

Deno.test('one bad moment does not cost accuracy for hours, however few queries there are', () => {
  const caution = createCaution()
  for (let i = 0; i < 5; i++) caution.learn(4, 4, false, 100 * i)
  const most = caution.keep
  assert.ok(most > 0.5)
  const after = (minutes: number) => {
    for (let s = 1; s <= minutes * 60; s++) caution.learn(1, 0, false, nowMs += 1000)
    return caution.keep
  }
  let nowMs = 400
  assert.ok(after(5) > most - 0.02, 'not before it was calm for a while')
  assert.ok(after(10) < LEAST_KEEP + 0.01, String(caution.keep))
  // It counts from the last that was late.
  caution.learn(4, 4, false, nowMs)
  assert.ok(after(4) > LEAST_KEEP + 0.1)
})
