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

Deno.test('few queries that can wait do not have slots held for twice as many', () => {
  // 21 nodes of one variant each, 9 queries/s that have three seconds: what chance brings too many of
  // in a second and a half is done in time all the same.
  const scenario = checkScenario(lotPool(11, 1).scenario, 'lot 11')
  const { trace } = scenario.workloads[0]!
  trace.rates = trace.rates.slice(0, 80)
  const { violationRatio, effectiveAccuracy } = runPolicy(scenario, { policy: 'shoal' }).result
  // 0.525 with a peak of what comes in half of their time.
  assert.ok(effectiveAccuracy > 0.6, `${effectiveAccuracy}`)
  assert.ok(violationRatio < 0.006, `${violationRatio}`)
})

Deno.test('a pipeline of many tasks is not refused for what its last slot has yet to come', () => {
  // 14 nodes of one variant each, four tasks one after the other, the last on one slot.
  const { scenario: json } = lotPool(161, 1)
  const scenario = checkScenario(json, 'lot 161')
  // The demand before it jumps to two and a half times as much.
  const { trace } = scenario.workloads[0]!
  trace.rates = trace.rates.slice(0, 15)
  const { violationRatio } = runPolicy(scenario, { policy: 'shoal' }).result
  // 0.095 where all that is to come was a queue.
  assert.ok(violationRatio < 0.02, `${violationRatio}`)
})
