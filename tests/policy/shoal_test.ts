/** Shoal's rules as a whole, over scenarios in virtual time: what the pool is worth with them. */
import assert from 'node:assert/strict'
import { createPolicy } from '../../src/peers/policies.ts'
import { simulate } from '../../src/sim/run.ts'
import { checkScenario } from '../../src/sim/scenario.ts'
import { chain } from '../sim/fixtures.ts'

const latencyMs = {
  'find/quick': { 1: 8, 4: 20, 16: 64 },
  'find/exact': { 1: 24, 4: 80, 16: 290 },
  'name/quick': { 1: 3, 4: 6, 16: 18 },
  'name/exact': { 1: 10, 4: 24, 16: 80 },
}

function scenarioOf(rates: number[], given: { [field: string]: unknown } = {}) {
  const { classes = {}, ...rest } = given as { classes?: { [name: string]: object } }
  const usual = { latencyMs, instancesPerNode: 'all', swapMs: 1000, roundTripMs: 2 }
  return checkScenario({
    schema: 'shoal-scenario/1',
    pipeline: chain,
    classes: Object.fromEntries(
      Object.entries({ node: {}, ...classes }).map(([name, own]) => [name, { ...usual, ...own }]),
    ),
    pool: [{ class: 'node', count: 8 }],
    trace: { binSeconds: 1, rates },
    noise: { latencyCv: 0.1 },
    seed: 7,
    ...rest,
  }, 'scenario.json')
}

function run(scenario: ReturnType<typeof scenarioOf>, name = 'shoal') {
  let seed = 1
  const policy = createPolicy(name, {
    pipelines: scenario.workloads.map(({ pipeline }) => pipeline),
    initialRatePerS: Object.fromEntries(
      scenario.workloads.map(({ pipeline, trace }) => [pipeline.name, trace.rates[0]!]),
    ),
    random: () => (seed = seed * 16807 % 2147483647) / 2147483647,
  })
  return simulate(scenario, policy)
}

const flat = (rate: number, seconds = 30) => Array<number>(seconds).fill(rate)
const between = (
  { timeline }: ReturnType<typeof run>['result'],
  from: number,
  to: number,
) => timeline.filter(({ t }) => t >= from && t < to)
const meanOf = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length

Deno.test('shoal serves a light load on few nodes, at the best accuracy', () => {
  const { result, faults } = run(scenarioOf(flat(20)))
  assert.equal(faults.size, 0)
  assert.equal(result.violationRatio, 0)
  assert.ok(result.effectiveAccuracy > 0.99, `${result.effectiveAccuracy}`)
  assert.ok(result.meanActiveNodes < 5, `${result.meanActiveNodes} of 8 nodes`)
})

Deno.test('shoal gives up accuracy, not deadlines, when demand jumps fourfold, and comes back', () => {
  const { result, faults } = run(scenarioOf([...flat(60, 20), ...flat(240, 20), ...flat(60, 20)]))
  assert.equal(faults.size, 0)
  assert.ok(result.violationRatio < 0.01, `${result.violationRatio}`)
  const accuracyOf = (from: number, to: number) =>
    meanOf(between(result, from, to).map(({ effectiveAccuracy }) => effectiveAccuracy))
  assert.ok(accuracyOf(5, 20) > 0.97)
  assert.ok(accuracyOf(25, 40) < 0.9)
  assert.ok(accuracyOf(48, 60) > 0.97)
  // No cluster of violations in the second of the jump.
  for (const { t, violationRatio } of between(result, 20, 23)) {
    assert.ok(violationRatio < 0.1, `${violationRatio} at ${t} s`)
  }
})

Deno.test('shoal beats static from the same arrivals once the best path is not enough', () => {
  const scenario = scenarioOf(flat(400))
  const ours = run(scenario).result
  const theirs = run(scenario, 'static').result
  assert.equal(ours.roots, theirs.roots)
  assert.ok(ours.onTime > 1.5 * theirs.onTime, `${ours.onTime} against ${theirs.onTime}`)
})

Deno.test('shoal places variants where a node holds one, and never asks what is not held', () => {
  const scenario = scenarioOf([...flat(40, 20), ...flat(120, 20), ...flat(40, 20)], {
    classes: { node: { instancesPerNode: 1 } },
  })
  const { result } = run(scenario)
  assert.ok(result.violationRatio < 0.05, `${result.violationRatio}`)
  assert.ok(result.effectiveAccuracy > 0.6, `${result.effectiveAccuracy}`)
})

Deno.test('shoal serves from nodes with room for two variants of four', () => {
  const { result } = run(scenarioOf(flat(60), { classes: { node: { instancesPerNode: 2 } } }))
  assert.ok(result.violationRatio < 0.02, `${result.violationRatio}`)
  assert.ok(result.effectiveAccuracy > 0.9, `${result.effectiveAccuracy}`)
})

Deno.test('shoal has each node do its own where nodes have room for three variants of five', () => {
  const find = {
    quick: { accuracy: 0.55, fanOut: { name: 2 } },
    usual: { accuracy: 0.9, fanOut: { name: 12 } },
    exact: { accuracy: 1, fanOut: { name: 16 } },
  }
  const tasks = {
    find: { ...chain.tasks.find, variants: find },
    name: { variants: { quick: { accuracy: 0.9 }, exact: { accuracy: 1 } } },
  }
  const own = {
    'find/quick': { 1: 9, 4: 30, 16: 120 },
    'find/usual': { 1: 17, 4: 60, 16: 220 },
    'find/exact': { 1: 35, 4: 130, 16: 500 },
    'name/quick': { 1: 4, 4: 6, 16: 20, 64: 72 },
    'name/exact': { 1: 9, 4: 16, 16: 52, 64: 190 },
  }
  const results = [1, 2, 3].map((seed) =>
    run(scenarioOf([...flat(175, 20), ...flat(250, 20)], {
      ...{ pipeline: { ...chain, tasks }, seed },
      classes: { node: { latencyMs: own, instancesPerNode: 3 } },
      pool: [{ class: 'node', count: 10 }],
    })).result
  )
  for (const { violationRatio } of results) assert.ok(violationRatio < 0.002, `${violationRatio}`)
  // Those that alone hold the quick detector helped with what came of the others: 0.805.
  const accuracy = meanOf(results.map(({ effectiveAccuracy }) => effectiveAccuracy))
  assert.ok(accuracy > 0.825, `${accuracy}`)
})

Deno.test('shoal lets a slow class do what it can do in time', () => {
  const slow = Object.fromEntries(
    Object.entries(latencyMs).map(([name, points]) => [
      name,
      Object.fromEntries(Object.entries(points).map(([batch, ms]) => [batch, 6 * ms])),
    ]),
  )
  const pool = [{ class: 'node', count: 2 }, { class: 'slow', count: 8 }]
  const scenario = (count: number) =>
    scenarioOf(flat(60), {
      classes: { slow: { latencyMs: slow } },
      pool: pool.map((part) => part.class === 'slow' ? { ...part, count } : part),
    })
  const helped = run(scenario(8)).result
  const alone = run(scenario(1)).result
  assert.ok(helped.violationRatio < 0.01, `${helped.violationRatio}`)
  assert.ok(
    helped.effectiveAccuracy > alone.effectiveAccuracy + 0.03,
    `${helped.effectiveAccuracy} with eight, ${alone.effectiveAccuracy} with one`,
  )
})

Deno.test('shoal shares a full pool between two pipelines', () => {
  const trace = { binSeconds: 1, rates: flat(150, 20) }
  const scenario = checkScenario({
    schema: 'shoal-scenario/1',
    classes: { node: { latencyMs, instancesPerNode: 'all', swapMs: 1000, roundTripMs: 2 } },
    pool: [{ class: 'node', count: 2 }],
    workloads: [chain, { ...chain, name: 'other' }].map((pipeline) => ({ pipeline, trace })),
    seed: 3,
  }, 'scenario.json')
  const { result } = run(scenario)
  const [a, b] = result.workloads
  assert.ok(Math.min(a!.onTime, b!.onTime) > 0.8 * Math.max(a!.onTime, b!.onTime))
})

Deno.test('shoal takes churn without losing more than what ran', () => {
  const { result, faults } = run(
    scenarioOf(flat(40, 60), { churn: { meanUptimeS: 30, meanDowntimeS: 10 } }),
  )
  assert.equal(faults.size, 0)
  assert.ok(result.violationRatio < 0.03, `${result.violationRatio}`)
})
