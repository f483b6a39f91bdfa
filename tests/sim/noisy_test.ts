/** Batches that vary as much as they take: tabs of machines that do other things, too. */
import assert from 'node:assert/strict'
import { simulate } from '../../src/sim/run.ts'
import { chain, scenarioOf, tabs, untold } from './fixtures.ts'
import { few, testOfAll } from '../exhaustive.ts'

const NODES = 6
const SECONDS = 20

/** Queries served in a few runs with so many a second for each node. */
function served(perS: number, latencyCv: number): number {
  let count = 0
  for (const seed of [1, 2, 3].slice(0, few(1, 3))) {
    const scenario = scenarioOf({
      ...{ pipeline: chain, classes: { tabs }, pool: [{ class: 'tabs', count: NODES }], seed },
      trace: { binSeconds: 1, rates: Array(SECONDS).fill(NODES * perS) },
      noise: { latencyCv },
    })
    count += simulate(scenario, untold(scenario)).result.onTime
  }
  return count
}

testOfAll(
  'a pool whose batches vary as much as they take serves most of what it would else',
  () => {
    // Far more than it carries: how much it serves is up to the door, batches, and which variants run.
    const [steady, varying] = [served(250, 0.15), served(250, 1)]
    assert.ok(varying > 0.58 * steady, `${varying} of ${steady}`)
  },
)

Deno.test('a pool whose batches vary as much as they take does not break down near what it carries', () => {
  const [steady, varying] = [served(60, 0.15), served(60, 1)]
  assert.ok(varying > 0.75 * steady, `${varying} of ${steady}`)
})
