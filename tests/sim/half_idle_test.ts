/** Half of a pool is idle, and queries have next to no time beside the quickest way. */
import assert from 'node:assert/strict'
import { checkScenario } from '../../src/sim/scenario.ts'
import { runShoal } from './fixtures.ts'

const quick = (bestMs: { [batch: string]: number }) =>
  Object.fromEntries(Object.entries(bestMs).map(([batch, ms]) => [batch, ms / 3]))

/** A picture takes 30 ms, and has a dozen crops in it, which gain much by going together. */
function outcomeAt(roundTripMs: number, ratePerS: number, seed: number) {
  const find = { 1: 30, 2: 58, 4: 112 }
  const name = { 1: 9, 2: 12.15, 4: 18, 8: 30.6, 16: 57.6 }
  const scenario = checkScenario({
    schema: 'shoal-scenario/1',
    pipeline: {
      ...{ schema: 'shoal-pipeline/1', name: 'crops', sloMs: 250, root: 'find' },
      tasks: {
        find: {
          next: ['name'],
          variants: {
            'find-best': { accuracy: 1, fanOut: { name: 12 } },
            'find-quick': { accuracy: 0.8, fanOut: { name: 12 } },
          },
        },
        name: { variants: { 'name-best': { accuracy: 1 }, 'name-quick': { accuracy: 0.8 } } },
      },
    },
    trace: { binSeconds: 1, rates: Array<number>(30).fill(ratePerS) },
    classes: {
      far: {
        latencyMs: {
          ...{ 'find-best': find, 'find-quick': quick(find) },
          ...{ 'name-best': name, 'name-quick': quick(name) },
        },
        ...{ instancesPerNode: 'all', swapMs: 300, roundTripMs },
      },
    },
    pool: [{ class: 'far', count: 20 }],
    noise: { latencyCv: 0.08 },
    seed,
  }, 'half idle')
  const { result } = runShoal(scenario, { maxBatch: 32 })
  return result
}

Deno.test('idle slots share what one of them would end at the last moment', () => {
  for (const seed of [1, 2, 3]) {
    const { violationRatio, effectiveAccuracy } = outcomeAt(70, 80, seed)
    assert.equal(violationRatio, 0)
    // Before, a dozen crops went to one slot until their time was gone: up to 0.0004 lost, at 0.98.
    assert.ok(effectiveAccuracy > 0.955, `${effectiveAccuracy}`)
  }
})
