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
      for (const { demandQps, systemAccuracyPct } of references) {
        const problem = paper!.problem(which, demandQps)
        const placement = place(problem)
        const at = `${demandQps} queries per second`
        assert.equal(placement.mode, 'accuracy', at)
        const { share, accuracy } = placement.served[0]!
        assert.ok(share > 1 - 1e-4, `${at}: serves ${share}`)
        assert.ok(placement.slots <= 18)
        assert.ok(100 * accuracy >= 0.99 * systemAccuracyPct, `${at}: accuracy ${accuracy}`)
        assertHolds(problem, placement)
      }
    },
  })
}

Deno.test({
  name: 'place() gives up accuracy where the best variants end, and then queries',
  ignore: paper === undefined,
  fn() {
    // yolov5x and efficientnet-b6 carry 190.7 queries per second on 18 workers.
    const at = (qps: number) => {
      const { mode, served: [one] } = place(paper!.problem('corrected', qps))
      return { mode, isBest: one!.accuracy > best - 1e-3 }
    }
    const best = place(paper!.problem('corrected', 10)).served[0]!.accuracy
    assert.deepEqual([190, 195, 2000, 5000].map(at), [
      { mode: 'accuracy', isBest: true },
      { mode: 'accuracy', isBest: false },
      { mode: 'accuracy', isBest: false },
      { mode: 'saturated', isBest: false },
    ])
  },
})
