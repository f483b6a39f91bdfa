import assert from 'node:assert/strict'
import fc from 'fast-check'
import { compile } from '../../../src/policy/place/compile.ts'
import { flowsOf } from '../../../src/policy/place/flows.ts'
import { openKinds } from '../../../src/policy/place/packing.ts'
import { fairLevels } from '../../../src/policy/place/place.ts'
import { place as params } from '../../../src/policy/place/params.ts'
import { build } from '../../../src/policy/place/program.ts'
import { place } from '../../../src/policy/place/place.ts'
import type { Problem } from '../../../src/policy/place/problem.ts'
import { assertHolds } from './carries.ts'
import { createHighs } from './highs.ts'
import { makeProblem } from './problems.ts'
import { few } from '../../exhaustive.ts'

/** The same problems on every run: a failure here is one of the code, not of the day. */
const SEED = 20
const problems = fc.gen().map(makeProblem)

Deno.test('place() claims only what its sets, its mix and its work bear out', () => {
  fc.assert(
    fc.property(problems, (problem) => assertHolds(problem, place(problem))),
    { seed: SEED, numRuns: few(60, 200), endOnFailure: true },
  )
})

Deno.test('place() gives the same placement for the same problem, within its effort', () => {
  fc.assert(
    fc.property(problems, (problem) => {
      const placement = place(problem)
      assert.deepEqual(place(structuredClone(problem)), placement)
      assert.ok(placement.effort.updates <= 2 * params.updates, `${placement.effort.updates}`)
      assert.ok(placement.effort.programs <= 5000)
      assert.ok(placement.effort.columns <= 3 * params.maxColumns)
    }),
    { seed: SEED + 1, numRuns: few(20, 60), endOnFailure: true },
  )
})

const COMPARED = few(24, 120)

Deno.test('place() tells a bound that an exact solver does not pass', async () => {
  const highs = await createHighs()
  let [near, compared] = [0, 0]
  fc.assert(
    fc.property(problems, (problem: Problem) => {
      const compiled = compile(problem)
      const flows = flowsOf(compiled)
      const kinds = openKinds(compiled)
      if (flows.flows.length === 0 || kinds.length === 0) return
      const placement = place(problem)
      const given = { compiled, kinds }
      const accuracy = placement.mode === 'accuracy'
      const { model } = build({
        ...{ ...given, flows },
        goal: accuracy
          ? { name: 'accuracy' }
          : { name: 'saturated', levels: fairLevels(compiled, flows, kinds) },
      })
      const verdict = highs(model, accuracy ? 1e-3 / params.served : 1e-3)
      if (verdict.status !== 'optimal') return
      const exact = compiled.totalPerS *
        (accuracy ? verdict.objective - params.served : verdict.objective / params.served)
      // HiGHS may be as far from its optimum as its gap; the bound is above the optimum.
      assert.ok(placement.bound >= exact * (1 - 1e-4) - 1e-6, `${placement.bound} < ${exact}`)
      assert.ok(placement.objective <= placement.bound * (1 + 1e-9))
      compared++
      if (placement.objective >= 0.99 * exact) near++
    }),
    { seed: SEED + 2, numRuns: COMPARED, endOnFailure: true },
  )
  console.log(`within 1 % of HiGHS: ${near} of ${compared}`)
  assert.ok(compared > COMPARED / 2)
  // The others say by how much: memory that cannot be packed is in no bound of either solver.
  assert.ok(near >= 0.85 * compared, `${near} of ${compared}`)
})
