/** Pools, pipelines and demands made by lot, and what one of them showed. */
import assert from 'node:assert/strict'
import { runPolicy } from '../../src/cli/simulate_run.ts'
import { fluidBound } from '../../src/sim/bound.ts'
import { checkScenario } from '../../src/sim/scenario.ts'
import { lotPool } from '../../src/sim/suites/lot_pools.ts'

Deno.test('lotPool() makes the same of a lot each time, and something that can be carried', () => {
  const seen = new Set<string>()
  for (let lot = 1; lot <= 20; lot++) {
    for (const instancesPerNode of ['all', 1] as const) {
      const { scenario, load } = lotPool(lot, instancesPerNode)
      assert.deepEqual(lotPool(lot, instancesPerNode).scenario, scenario)
      seen.add(JSON.stringify(scenario))
      const checked = checkScenario(scenario, `lot ${lot}`)
      assert.ok(load >= 0.1 && load <= 0.85, `${load}`)
      // Of demand that swings the highest part may be too much.
      assert.ok(fluidBound(checked).served > 0.9)
      const { pipeline } = checked.workloads[0]!
      const nodes = checked.pool.reduce((sum, { count }) => sum + count, 0)
      if (instancesPerNode === 1) assert.ok(nodes > Object.keys(pipeline.tasks).length)
    }
  }
  assert.equal(seen.size, 40)
})

Deno.test('who has little to spare and goes first does not lower those behind', () => {
  // 21 nodes, queries of 40 items in three levels, of which the better ways take two thirds of the
  // time that there is: some query inside has always next to nothing to spare.
  const scenario = checkScenario(lotPool(11, 'all').scenario, 'lot 11')
  const { violationRatio, effectiveAccuracy } = runPolicy(scenario, { policy: 'shoal' }).result
  // 0.612 where nobody might take more than the least that any could spare.
  assert.ok(effectiveAccuracy > 0.66, `${effectiveAccuracy}`)
  assert.ok(violationRatio < 0.006, `${violationRatio}`)
})
