/** Variants that are pinned or forbidden: accuracy that the others reach. */
import assert from 'node:assert/strict'
import { createRulings } from '../../../src/policy/state/rulings.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { street } from '../fixtures.ts'

Deno.test('bestFloor() is that of the weakest branch with the open variants', () => {
  const shapes = shapesOf([street])
  const rulings = createRulings()
  const shape = shapes.pipelines.get('street')!
  assert.equal(rulings.bestFloor(shape), shape.bestFloor)
  const plate = { pipeline: 'street', task: 'plate', variant: 'fine' }
  rulings.set([{ ...plate, ruling: 'forbidden' }])
  assert.equal(rulings.bestFloor(shape), 0.5)
  rulings.set([{ ...plate, ruling: 'pinned' }])
  assert.equal(rulings.bestFloor(shape), shape.bestFloor)
  // Earlier rulings no longer apply.
  rulings.set([{ ...plate, variant: 'fast', ruling: 'pinned' }])
  assert.equal(rulings.bestFloor(shape), 0.5)
  rulings.set([{ ...plate, variant: 'fast', ruling: 'forbidden' }])
  assert.equal(rulings.bestFloor(shape), shape.bestFloor)
  rulings.set([{ ...plate, ruling: 'forbidden' }])
  rulings.set([{ ...plate, task: 'face', ruling: 'forbidden' }])
  assert.equal(rulings.bestFloor(shape), 0.9)
})
