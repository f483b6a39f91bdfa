import assert from 'node:assert/strict'
import { place } from '../../../src/policy/place/place.ts'
import { assertHolds } from './carries.ts'
import { readPaper } from './paper.ts'

const paper = await readPaper()

for (const which of ['artifact', 'corrected'] as const) {
  Deno.test({
    name:
      `place() is no more than 1 % below the paper's problem solved exactly, ${which} accuracies`,
    ignore: paper === undefined,
    fn() {
      const references = paper!.solutions[which]
      assert.equal(references.length, 17)
      for (const { demandQps, mode, workers, systemAccuracyPct } of references) {
        const problem = paper!.problem(which, demandQps)
        const placement = place(problem)
        const at = `${demandQps} queries per second`
        assert.equal(placement.mode, mode, at)
        const { share, accuracy } = placement.served[0]!
        assert.ok(share > 1 - 1e-4, `${at}: serves ${share}`)
        if (mode === 'hardware') assert.equal(placement.slots, workers, at)
        assert.ok(placement.slots <= 18)
        assert.ok(100 * accuracy >= 0.99 * systemAccuracyPct, `${at}: accuracy ${accuracy}`)
        assertHolds(problem, placement)
      }
    },
  })
}

Deno.test({
  name:
    'place() turns from hardware to accuracy scaling where the best variants end, then saturates',
  ignore: paper === undefined,
  fn() {
    // yolov5x and efficientnet-b6 carry 190.7 queries per second on 18 workers.
    const modeAt = (qps: number) => place(paper!.problem('corrected', qps)).mode
    assert.deepEqual([10, 190, 191, 2000, 5000].map(modeAt), [
      'hardware',
      'hardware',
      'accuracy',
      'accuracy',
      'saturated',
    ])
  },
})
