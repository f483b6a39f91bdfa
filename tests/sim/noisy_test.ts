/** Batches that vary as much as they take: tabs of machines that do other things, too. */
import assert from 'node:assert/strict'
import { createPolicy } from '../../src/policy/policies.ts'
import { createRandom } from '../../src/sim/random.ts'
import { simulate } from '../../src/sim/run.ts'
import { chain, scenarioOf } from './fixtures.ts'

const tabs = {
  latencyMs: { quick: { 1: 10, 4: 20, 8: 36 }, exact: { 1: 20, 4: 50, 8: 90 } },
  ...{ instancesPerNode: 'all', swapMs: 0, roundTripMs: 4 },
}
const NODES = 6
const SECONDS = 20

/** Queries served in three runs with so many a second for each node. */
function served(perS: number, latencyCv: number): number {
  let count = 0
  for (const seed of [1, 2, 3]) {
    const scenario = scenarioOf({
      ...{ pipeline: chain, classes: { tabs }, pool: [{ class: 'tabs', count: NODES }], seed },
      trace: { binSeconds: 1, rates: Array(SECONDS).fill(NODES * perS) },
      noise: { latencyCv },
    })
    const policy = createPolicy('shoal', {
      pipelines: scenario.workloads.map(({ pipeline }) => pipeline),
      ...{ seed, random: createRandom(seed) },
    })
    count += simulate(scenario, policy).result.onTime
  }
  return count
}

Deno.test('a pool whose batches vary as much as they take serves most of what it would else', () => {
  // Far more than it carries: how much it serves is up to the door, batches, and which variants run.
  const [steady, varying] = [served(250, 0.15), served(250, 1)]
  assert.ok(varying > 0.58 * steady, `${varying} of ${steady}`)
})

Deno.test('nor does it break down near what it carries', () => {
  const [steady, varying] = [served(60, 0.15), served(60, 1)]
  assert.ok(varying > 0.75 * steady, `${varying} of ${steady}`)
})
