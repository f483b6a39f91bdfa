/** The mix follows the queue. */
import assert from 'node:assert/strict'
import { drainFactor, drainLevel } from '../../src/policy/frontier/drain.ts'

const factor = (queue: number) => drainFactor(drainLevel(queue))

Deno.test('a queue that is longer than usual has the mix take less, a shorter one more', () => {
  assert.equal(factor(0.1), 1)
  assert.ok(factor(0.3) < 0.85, `${factor(0.3)}`)
  assert.ok(factor(0.05) > 1.1, `${factor(0.05)}`)
  // However long it is, something is left to plan with; however short, time is not made up.
  assert.ok(factor(5) >= 0.5, `${factor(5)}`)
  assert.ok(factor(-1) <= 1.5, `${factor(-1)}`)
})

Deno.test('slots that are about to have nothing to do raise it more than as many too many lower it', () => {
  assert.ok(factor(0.02) - 1 > 2 * (1 - factor(0.18)), `${factor(0.02)}, ${factor(0.18)}`)
})
