/** What the demo asks for to find out what the most accurate path carries, and the demand of that. */
import assert from 'node:assert/strict'
import { bestFloorOf } from '../../demo/calibrate.ts'
import { demoDemand, topOf } from '../../demo/demand.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import { durationS } from '../../src/sim/arrivals.ts'

const pipeline = checkPipeline({
  schema: 'shoal-pipeline/1',
  name: 'pair',
  sloMs: 400,
  root: 'find',
  tasks: {
    find: {
      next: ['name'],
      variants: { half: { accuracy: 1 }, whole: { accuracy: 0.9 }, quick: { accuracy: 0.5 } },
    },
    name: { variants: { only: { accuracy: 0.8 } } },
  },
}, 'pair')

Deno.test('bestFloorOf() asks for no more than what is held can reach', () => {
  const held = ['0 pair find whole', '0 pair find quick', '1 pair name only']
  assert.equal(bestFloorOf(pipeline, held), 0.9 * 0.8)
  assert.equal(bestFloorOf(pipeline, [...held, '0 pair find half']), 0.8)
})

Deno.test('demoDemand() rises past what the most accurate path carries, never past what is served', () => {
  for (
    const capacity of [
      { bestPerS: 10, bestAccuracy: 0.9, mostPerS: 100 },
      { bestPerS: 0.4, bestAccuracy: 0.9, mostPerS: 0.4 },
      { bestPerS: 30, bestAccuracy: 0.9, mostPerS: 75 },
    ]
  ) {
    const { rates, binSeconds } = demoDemand(capacity, 48)
    const most = Math.max(...rates)
    assert.ok(Math.abs(most / topOf(capacity) - 1) < 0.02, `${most} of ${topOf(capacity)}`)
    assert.ok(most >= 1.45 * capacity.bestPerS)
    assert.ok(most <= Math.max(1.55 * capacity.bestPerS, 0.62 * capacity.mostPerS))
    assert.ok(rates[0]! < capacity.bestPerS && rates.at(-1)! < capacity.bestPerS)
    assert.ok(Math.abs(durationS({ rates, binSeconds }) - 48) <= 3)
  }
})
