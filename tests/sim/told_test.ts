/** Scenarios in which things are not as the scheduler is told, and more spread than usual. */
import assert from 'node:assert/strict'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import type { PolicyCommand, PolicyEvent } from '../../src/policy/core/types.ts'
import { createContent } from '../../src/sim/content.ts'
import { MADE_TRACES } from '../../src/sim/made_traces.ts'
import { noneOf, poissonCounts } from '../../src/sim/random.ts'
import { simulate } from '../../src/sim/run.ts'
import { toldOf } from '../../src/sim/told.ts'
import { chain, dispatchOf, scenarioOf, scripted, single } from './fixtures.ts'

type Reported = Extract<PolicyEvent, { type: 'node_reported' }>

const kind = { instancesPerNode: 'all', swapMs: 0, roundTripMs: 0 }
const classes = {
  quick: { ...kind, latencyMs: { exact: { 1: 100 } } },
  slow: { ...kind, latencyMs: { exact: { 1: 300 } } },
}
const pool = [{ class: 'quick', count: 1 }, { class: 'slow', count: 1 }]

/** What each node said at first, and that its first batch took. */
function said(told: unknown): { profileMs: number[]; batchMs: number[]; tookMs: number[] } {
  const sent = new Map<number, number>()
  const batchMs: number[] = []
  const tookMs: number[] = []
  const policy = scripted((event, nowMs): PolicyCommand[] => {
    if (event.type === 'query_arrived' && sent.size === 0) {
      const items = [{ query: event.query, payload: event.payload }]
      return ['quick-0', 'slow-0'].map((node, batch) => {
        sent.set(batch, nowMs)
        return dispatchOf({ batch, node, items })
      })
    }
    if (event.type === 'batch_finished') {
      batchMs[event.batch] = Math.round(event.computeMs)
      tookMs[event.batch] = Math.round(nowMs - sent.get(event.batch)!)
    }
    return []
  })
  simulate(
    scenarioOf({
      ...{ pipeline: single, classes, pool, trace: { binSeconds: 1, rates: [20] } },
      ...told === undefined ? {} : { told },
    }),
    policy,
  )
  const profileMs = policy.seen.map(({ event }) => event)
    .filter((event): event is Reported => event.type === 'node_reported')
    .map(({ profile }) => profile![0]!.points[0]!.latencyMs)
  return { profileMs, batchMs, tookMs }
}

Deno.test('nodes take as long as ever, whatever they say', () => {
  const truth = { batchMs: [100, 300], tookMs: [100, 300] }
  assert.deepEqual(said(undefined), { profileMs: [100, 300], ...truth })
  assert.deepEqual(said({ bias: 0.5 }), { profileMs: [50, 150], ...truth })
  // Ten and three and a third batches a second: twenty thirds in the mean.
  const mean = said({ mean: 'profile' })
  assert.deepEqual(mean.profileMs.map(Math.round), [150, 150])
  assert.deepEqual([mean.batchMs, mean.tookMs], [[100, 300], [100, 300]])
  const always = said({ mean: 'always' })
  assert.deepEqual([always.batchMs, always.tookMs], [[150, 150], [100, 300]])
})

Deno.test('nodes say nothing of batches larger than the scenario lets them', () => {
  const points = [1, 2, 4, 8].map((batch) => ({ batch, latencyMs: 10 * batch }))
  const sizes = (told: unknown) => {
    const scenario = scenarioOf({ pipeline: single, classes, pool, told })
    return toldOf(scenario, 'quick')('find', 'exact', points).map(({ batch }) => batch)
  }
  assert.deepEqual(sizes({}), [1, 2, 4, 8])
  assert.deepEqual(sizes({ largest: 4 }), [1, 2, 4])
  assert.deepEqual(sizes({ largest: 1, bias: 2 }), [1])
})

Deno.test('of a variant that was measured in larger batches only nodes say nothing, and what it took', () => {
  const policy = scripted((event): PolicyCommand[] =>
    event.type === 'query_arrived' ? [dispatchOf({ items: [event] })] : []
  )
  simulate(
    scenarioOf({
      ...{ pipeline: single, pool: [{ class: 'gpu', count: 1 }] },
      classes: { gpu: { ...kind, latencyMs: { exact: { 4: 100 } } } },
      ...{ trace: { binSeconds: 1, rates: [20] }, told: { largest: 1, mean: 'always' } },
    }),
    policy,
  )
  const of = (type: PolicyEvent['type']) => policy.seen.find(({ event }) => event.type === type)
  assert.deepEqual((of('node_reported')?.event as Reported).profile![0]!.points, [])
  const done = of('batch_finished')?.event as Extract<PolicyEvent, { type: 'batch_finished' }>
  assert.equal(Math.round(done.computeMs), 100)
})

Deno.test('a spread of 30 % makes each variant 30 % better or worse, the same each time', () => {
  const first = said({ spread: 0.3 }).profileMs
  assert.deepEqual(said({ spread: 0.3 }).profileMs, first)
  for (const [i, trueMs] of [100, 300].entries()) {
    assert.ok([0.7, 1.3].some((factor) => Math.abs(first[i]! - factor * trueMs) < 1e-9))
  }
})

Deno.test('fan-out with twice the spread has the same mean and twice the deviation', () => {
  const pipeline = checkPipeline(chain, 'chain')
  const content = createContent(pipeline, 5, 2)
  const counts = (variant: string) =>
    Array.from({ length: 20_000 }, (_, query) => {
      const outcome = content.outcome(content.root(query), 'find', variant)
      return outcome.ok ? outcome.children.name!.length : NaN
    })
  for (const [values, mean] of [[counts('quick'), 2], [counts('exact'), 4]] as const) {
    const seen = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, v) => sum + (v - seen) ** 2, 0) / values.length
    assert.ok(Math.abs(seen - mean) < 0.05 * mean, `mean ${seen}`)
    assert.ok(Math.abs(variance - 4 * mean) < 0.07 * 4 * mean, `variance ${variance}`)
  }
  // Also here a variant that finds more never finds less in one query.
  for (const uniform of [0.01, 0.3, 0.7, 0.99]) {
    assert.ok(poissonCounts(2, 2)(uniform) <= poissonCounts(4, 2)(uniform))
  }
})

Deno.test('counts that are less spread than by chance have their mean and spread, and no spread at none', () => {
  const draws = Array.from({ length: 20_000 }, (_, i) => (i + 0.5) / 20_000)
  for (const [mean, spread] of [[3.7, 0.6], [12, 0.3], [0.4, 0.5], [5.25, 0.9]] as const) {
    const counts = draws.map(poissonCounts(mean, spread))
    const seen = counts.reduce((sum, count) => sum + count, 0) / counts.length
    const variance = counts.reduce((sum, count) => sum + (count - seen) ** 2, 0) / counts.length
    assert.ok(Math.abs(seen - mean) < 0.01, `mean ${seen}`)
    // That a part is no whole number is as much as a quarter more.
    const wanted = spread ** 2 * mean
    assert.ok(variance > wanted - 0.01 && variance < wanted + 0.26, `variance ${variance}`)
    for (const each of [0, 0.5]) {
      const none = counts.reduce((sum, count) => sum + each ** count, 0) / counts.length
      assert.ok(Math.abs(none - noneOf(mean, spread, each)) < 1e-3, `${none} come to nothing`)
    }
    for (const uniform of [0.01, 0.3, 0.7, 0.99]) {
      assert.ok(poissonCounts(mean, spread)(uniform) <= poissonCounts(mean + 0.1, spread)(uniform))
    }
  }
  assert.deepEqual([0.01, 0.5, 0.99].map(poissonCounts(2, 0)), [2, 2, 2])
  assert.deepEqual([0.01, 0.7, 0.8, 0.99].map(poissonCounts(2.25, 0)), [2, 2, 3, 3])
  assert.equal(noneOf(0, 0, 0), 1)
})

Deno.test('made traces are the same each time, with the steps and spikes they are named for', () => {
  for (const [name, make] of Object.entries(MADE_TRACES)) {
    const rates = make()
    assert.deepEqual(make(), rates)
    assert.equal(rates.length, 120, name)
  }
  const jumps = (rates: number[]) => rates.slice(1).map((rate, i) => rate / rates[i]!)
  assert.ok(Math.max(...jumps(MADE_TRACES.steps!())) >= 3.5)
  const spikes = MADE_TRACES.spikes!()
  const high = jumps(spikes).filter((times) => times > 2).length
  const low = jumps(spikes).filter((times) => times < 0.5).length
  assert.equal(high, 11)
  assert.equal(low, high, 'each is over after one second')
})
