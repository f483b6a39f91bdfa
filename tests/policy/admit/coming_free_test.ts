/** Slots that come free one after the other: when work on them begins. */
import assert from 'node:assert/strict'
import { ComingFree } from '../../../src/policy/admit/coming_free.ts'
import { createRandom } from '../../../src/sim/random.ts'

/** Reference computation: each ms of work goes to the slot that is free first. */
function beginsByHand(lefts: readonly number[], slots: number, workMs: number): number {
  const free = [...lefts, ...new Array<number>(slots - lefts.length).fill(0)]
  const step = workMs / 20_000
  for (let done = 0; done < workMs; done += step) {
    const next = free.indexOf(Math.min(...free))
    free[next]! += step
  }
  return Math.min(...free)
}

Deno.test('work begins once the work before it has begun on the slots that come free first', () => {
  const random = createRandom(3)
  for (let i = 0; i < 20; i++) {
    const slots = 1 + Math.floor(5 * random())
    const busy = Math.floor((slots + 1) * random())
    const lefts = Array.from({ length: busy }, () => 100 * random()).sort((a, b) => a - b)
    const workMs = 60 * random()
    const beginsMs = new ComingFree({ lefts, slots }).beginsMs(workMs)
    const byHand = beginsByHand(lefts, slots, workMs * slots)
    assert.ok(Math.abs(beginsMs - byHand) < 0.1, `${beginsMs}, by hand ${byHand}`)
  }
})

Deno.test('work begins at once on an idle slot, else when the first slot is free', () => {
  assert.equal(new ComingFree({ lefts: [50], slots: 2 }).beginsMs(0), 0)
  assert.equal(new ComingFree({ lefts: [30, 50], slots: 2 }).beginsMs(0), 30)
})
