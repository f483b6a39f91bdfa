/** Random pools, pipelines and demands, and what one of them showed. */
import assert from 'node:assert/strict'
import { runPolicy } from '../../src/sim/run_policy.ts'
import { fluidBound } from '../../src/sim/bound.ts'
import { checkScenario } from '../../src/sim/scenario.ts'
import { lotPool } from '../../src/sim/suites/lot_pools.ts'
import { few, testOfAll } from '../exhaustive.ts'

const LOTS = few(6, 20)

Deno.test('lotPool() makes the same of a lot each time, and something that can be carried', () => {
  const seen = new Set<string>()
  for (let lot = 1; lot <= LOTS; lot++) {
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
  assert.equal(seen.size, 2 * LOTS)
})

Deno.test('who has little to spare and goes first does not lower those behind', () => {
  // 21 nodes, queries of 40 items in three levels, of which the better ways take two thirds of the
  // time that there is: some query inside has always next to nothing to spare.
  const scenario = checkScenario(lotPool(11, 'all').scenario, 'lot 11')
  const { trace } = scenario.workloads[0]!
  trace.rates = trace.rates.slice(0, few(60, Infinity))
  const { violationRatio, effectiveAccuracy } = runPolicy(scenario, { policy: 'shoal' }).result
  // 0.612 where nobody might take more than the least that any could spare.
  assert.ok(effectiveAccuracy > 0.66, `${effectiveAccuracy}`)
  assert.ok(violationRatio < 0.006, `${violationRatio}`)
})

testOfAll('few queries that can wait do not have slots held for twice as many', () => {
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
  assert.ok(violationRatio < 0.03, `${violationRatio}`)
})

/** Of a pool that two pipelines share: of each the share that is lost. */
function lostOf(lot: number, instancesPerNode: 'all' | 1, seconds = Infinity): number[] {
  const scenario = checkScenario(lotPool(lot, instancesPerNode, 2).scenario, `lot ${lot}`)
  for (const { trace } of scenario.workloads) trace.rates = trace.rates.slice(0, seconds)
  const { workloads } = runPolicy(scenario, { policy: 'shoal' }).result
  return workloads.map(({ violationRatio }) => violationRatio)
}

Deno.test('lotPool() has two pipelines share a pool, each with a part of what it can carry', () => {
  for (let lot = 1; lot <= 10; lot++) {
    for (const instancesPerNode of ['all', 1] as const) {
      const { scenario, load } = lotPool(lot, instancesPerNode, 2)
      assert.deepEqual(lotPool(lot, instancesPerNode, 2).scenario, scenario)
      const checked = checkScenario(scenario, `lot ${lot}`)
      assert.equal(checked.workloads.length, 2)
      assert.ok(load >= 0.1 && load <= 0.85, `${load}`)
      assert.ok(fluidBound(checked).served > 0.9)
      const tasks = checked.workloads.flatMap(({ pipeline }) => Object.keys(pipeline.tasks))
      assert.equal(new Set(tasks).size, tasks.length)
      const nodes = checked.pool.reduce((sum, { count }) => sum + count, 0)
      if (instancesPerNode === 1) assert.ok(nodes > tasks.length)
    }
  }
})

testOfAll('queries that can wait do not fill a pool until those that cannot are refused', () => {
  // 20 nodes that hold all, two and a half thousand queries/s with 229 ms and 377 with two seconds, a
  // tenth to a third more than can be done.
  const [patient, hasty] = lostOf(53, 'all')
  // 0 and 0.48 where the patient were let in as long as they could wait.
  assert.ok(hasty! < 0.28, `${hasty}`)
  assert.ok(patient! < 0.28, `${patient}`)
})

Deno.test('pipelines on slots of their own do not hold each other up', () => {
  // Six nodes with one variant each, five and sixteen queries/s; patient ones wait for three slots.
  const [, hasty] = lostOf(27, 1, 60)
  // 0.30 refused, on idle slots, since those on the others had no time to spare.
  assert.ok(hasty! < 0.02, `${hasty}`)
})

testOfAll('a pipeline is not left without slots where there is one for each task', () => {
  // Ten nodes, quick and slow ones, and eight tasks.
  const lost = lostOf(100, 1)
  // All of the second while slow slots were thought to have no time but for one task of a path.
  assert.ok(Math.max(...lost) < 0.3, `${lost}`)
})
