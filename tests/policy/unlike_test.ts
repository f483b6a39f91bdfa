/** Unlike devices: who does what, and nodes that are not what they say, in virtual time. */
import assert from 'node:assert/strict'
import { createPolicy } from '../../src/peers/policies.ts'
import { simulate } from '../../src/sim/run.ts'
import { checkScenario } from '../../src/sim/scenario.ts'
import { chain } from '../sim/fixtures.ts'

/** Quick at finding; both are as quick at naming. */
const quick = {
  'find/quick': { 1: 8, 4: 24 },
  'find/exact': { 1: 20, 4: 70 },
  'name/quick': { 1: 20, 4: 80 },
  'name/exact': { 1: 40, 4: 160 },
}
const slow = { ...quick, 'find/quick': { 1: 60, 4: 240 }, 'find/exact': { 1: 160, 4: 640 } }

function run(given: { [field: string]: unknown } = {}, perS = 80) {
  const usual = { instancesPerNode: 'all', swapMs: 1000, roundTripMs: 2 }
  const scenario = checkScenario({
    schema: 'shoal-scenario/1',
    pipeline: chain,
    classes: { quick: { ...usual, latencyMs: quick }, slow: { ...usual, latencyMs: slow } },
    pool: [{ class: 'quick', count: 2 }, { class: 'slow', count: 6 }],
    trace: { binSeconds: 1, rates: Array<number>(20).fill(perS) },
    noise: { latencyCv: 0.1 },
    seed: 7,
    ...given,
  }, 'scenario.json')
  const policy = createPolicy('shoal', {
    pipelines: scenario.workloads.map(({ pipeline }) => pipeline),
    initialRatePerS: { chain: perS },
    random: () => 0.5,
  })
  const { result, faults } = simulate(scenario, policy)
  assert.equal(faults.size, 0)
  return result
}

Deno.test('who alone is quick at a task does that first, so that nobody waits for it', () => {
  const { violationRatio, effectiveAccuracy } = run()
  assert.ok(violationRatio < 0.005, `${violationRatio}`)
  // 0.64 when a quick node did what was most urgent, though a slow one could as well.
  assert.ok(effectiveAccuracy > 0.67, `${effectiveAccuracy}`)
})

Deno.test('nodes that go on saying that all are alike are known by the clock', () => {
  const { violationRatio, effectiveAccuracy } = run({ told: { mean: 'always' } })
  // 0.14 and 0.44 when what they say was believed.
  assert.ok(violationRatio < 0.06, `${violationRatio}`)
  assert.ok(effectiveAccuracy > 0.55, `${effectiveAccuracy}`)
})

/** Two items take three times as long as one, and eight four times. */
const lumpy = {
  ...slow,
  'name/quick': { 1: 20, 2: 60, 8: 80, 16: 160 },
  'name/exact': { 1: 40, 2: 120, 8: 160, 16: 320 },
}

Deno.test('where only large batches pay they are of those that have the time', () => {
  const usual = { instancesPerNode: 'all', swapMs: 1000, roundTripMs: 2 }
  const { violationRatio, effectiveAccuracy } = run({
    classes: {
      quick: { ...usual, latencyMs: quick },
      slow: { ...usual, latencyMs: slow },
      lumpy: { ...usual, latencyMs: lumpy },
    },
    pool: [
      { class: 'quick', count: 2 },
      { class: 'slow', count: 2 },
      { class: 'lumpy', count: 4 },
    ],
  })
  assert.ok(violationRatio < 0.005, `${violationRatio}`)
  // 0.661 without them.
  assert.ok(effectiveAccuracy > 0.675, `${effectiveAccuracy}`)
})

Deno.test('who is quick at the better variant does the items that are worth it', () => {
  const usual = { instancesPerNode: 'all', swapMs: 1000, roundTripMs: 2 }
  const strong = {
    'find/quick': { 1: 10, 4: 30 },
    'find/exact': { 1: 20, 4: 70 },
    'name/quick': { 1: 20, 4: 80 },
    'name/exact': { 1: 25, 4: 100 },
  }
  const plain = {
    'find/quick': { 1: 60, 4: 240 },
    'find/exact': { 1: 160, 4: 640 },
    'name/quick': { 1: 20, 4: 80 },
    'name/exact': { 1: 60, 4: 240 },
  }
  // A query of the quick finder has a quarter of the names, and each counts four times as much.
  const find = {
    quick: { accuracy: 0.7, fanOut: { name: 3 } },
    exact: { accuracy: 1, fanOut: { name: 12 } },
  }
  const name = { quick: { accuracy: 0.8 }, exact: { accuracy: 1 } }
  const { violationRatio, effectiveAccuracy } = run({
    pipeline: {
      ...chain,
      sloMs: 400,
      tasks: { find: { next: ['name'], variants: find }, name: { variants: name } },
    },
    classes: { strong: { ...usual, latencyMs: strong }, plain: { ...usual, latencyMs: plain } },
    pool: [{ class: 'strong', count: 4 }, { class: 'plain', count: 6 }],
  }, 50)
  assert.ok(violationRatio < 0.005, `${violationRatio}`)
  // 0.760 where each did what was most urgent.
  assert.ok(effectiveAccuracy > 0.768, `${effectiveAccuracy}`)
})
