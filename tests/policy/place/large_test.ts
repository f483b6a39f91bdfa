import { equal, ok } from 'node:assert/strict'
import { plannerProblem } from '../../../src/bench/planner/planner.ts'
import { place } from '../../../src/policy/place/place.ts'

for (const holds of ['one', 'some', 'all'] as const) {
  Deno.test(`place() comes as near its bound with ten thousand nodes as with few, if slots hold ${holds}`, () => {
    const { mode, gap, effort } = place(plannerProblem(10_000, holds, 8))
    equal(mode, 'accuracy')
    equal(effort.rejected, 0)
    ok(gap < 0.01, `${gap}`)
  })
}
