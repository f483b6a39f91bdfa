import assert from 'node:assert/strict'
import fc from 'fast-check'
import { bestFlows } from '../../../src/policy/place/best.ts'
import { build, SERVED } from '../../../src/policy/place/build.ts'
import { compile } from '../../../src/policy/place/compile.ts'
import { flowsOf } from '../../../src/policy/place/flows.ts'
import { fairLevels } from '../../../src/policy/place/levels.ts'
import { openKinds } from '../../../src/policy/place/packings.ts'
import { place } from '../../../src/policy/place/place.ts'
import { placeOptionsOf, type Problem } from '../../../src/policy/place/problem.ts'
import { assertHolds } from './carries.ts'
import { createHighs } from './highs.ts'
import { makeProblem } from './problems.ts'
import { few } from '../../exhaustive.ts'

/** The same problems on every run: a failure here is one of the code, not of the day. */
const SEED = 20
const problems = fc.gen().map(makeProblem)

Deno.test('place() claims only what its sets, its mix and its work bear out', () => {
  fc.assert(
    fc.property(problems, fc.constantFrom(1, 0.05), (problem, waitTail) => {
      const given = { ...problem, options: { ...problem.options, waitTail } }
      assertHolds(given, place(given))
    }),
    { seed: SEED, numRuns: few(60, 200), endOnFailure: true },
  )
})

Deno.test('place() gives the same placement for the same problem, within its effort', () => {
  fc.assert(
    fc.property(problems, (problem) => {
      const placement = place(problem)
      assert.deepEqual(place(structuredClone(problem)), placement)
      const { effort } = placeOptionsOf(problem.options)
      assert.ok(placement.effort.updates <= 2 * effort.updates, `${placement.effort.updates}`)
      assert.ok(placement.effort.programs <= 5000)
      assert.ok(placement.effort.columns <= 3 * effort.maxColumns)
    }),
    { seed: SEED + 1, numRuns: few(20, 60), endOnFailure: true },
  )
})

const COMPARED = few(40, 120)

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
      const caps = compiled.shapes.variants.map(() => compiled.options.utilisationCap)
      const given = { compiled, kinds, caps }
      if (placement.mode === 'hardware') {
        const best = bestFlows(compiled, flows)!
        const { model } = build({ ...given, flows: best, goal: { name: 'slots' } })
        const verdict = highs(model, 1e-3)
        if (verdict.status !== 'optimal') return
        const total = compiled.classes.reduce((sum, { slots }) => sum + slots, 0)
        const fewest = Math.round(-verdict.objective * total)
        assert.ok(placement.slotsBound <= fewest, `${placement.slotsBound} of ${fewest} slots`)
        compared++
        if (placement.slots <= fewest) near++
        return
      }
      const counted = { programs: 0, columns: 0, rejected: 0, updates: 0 }
      const accuracy = placement.mode === 'accuracy'
      const { model } = build({
        ...{ ...given, flows },
        goal: accuracy
          ? { name: 'accuracy' }
          : { name: 'saturated', levels: fairLevels(compiled, flows, kinds, counted) },
      })
      const verdict = highs(model, accuracy ? 1e-3 / SERVED : 1e-3)
      if (verdict.status !== 'optimal') return
      const exact = compiled.totalPerS *
        (accuracy ? verdict.objective - SERVED : verdict.objective / SERVED)
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
