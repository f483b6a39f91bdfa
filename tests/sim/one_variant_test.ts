/** Slots that hold one variant each, on quick and slow nodes. */
import assert from 'node:assert/strict'
import { runPolicy } from '../../src/sim/run_policy.ts'
import { checkScenario } from '../../src/sim/scenario.ts'
import { unseen } from '../../src/sim/suites/unseen.ts'
import { few } from '../exhaustive.ts'

const [, oneEach] = unseen.cases({} as Parameters<typeof unseen.cases>[0])

/** The unseen scenario, three levels on 24 nodes, at a steady demand. */
function steady(perS: number, seed: number) {
  const scenario = checkScenario({
    ...oneEach!.scenario as Record<string, unknown>,
    trace: { binSeconds: 1, rates: Array(few(20, 40)).fill(perS) },
    seed,
  }, 'steady.json')
  return runPolicy(scenario, { policy: 'shoal' }).result
}

Deno.test('at a third of what it carries a pool of slots with one variant has time for the best', () => {
  let late = 0
  let accuracy = 0
  const seeds = [1, 2, 3, 4].slice(0, few(1, 4))
  for (const seed of seeds) {
    const { roots, onTime, effectiveAccuracy } = steady(43, seed)
    late += roots - onTime
    accuracy += effectiveAccuracy / seeds.length
  }
  // The best path has 0.939. A slow node that does as well helps before a quicker variant does, and
  // a batch does not grow until only its usual latency would have it in time.
  assert.ok(accuracy > 0.91, `${accuracy}`)
  assert.ok(late <= seeds.length, `${late} late or refused`)
})
