/** What the live bench keeps of a run for its twin, and what that makes of it. */
import assert from 'node:assert/strict'
import { createObserver } from '../../src/bench/live/observe.ts'
import type { Profiles } from '../../src/bench/live/profile.ts'
import { tableOf } from '../../src/bench/twin/twin.ts'
import { createPolicy } from '../../src/peers/policies.ts'
import type { PolicyCommand, PolicyEvent, Scheduler } from '../../src/policy/core/types.ts'
import { initialRates, simulate } from '../../src/sim/run.ts'
import { nodeName } from '../../src/sim/scenario.ts'
import { chain, scenarioOf } from '../sim/fixtures.ts'

const STEP_S = 60

Deno.test('an observer finds how fast nodes were, in each step, and what larger batches took', () => {
  const slowed = nodeName('gpu', 0)
  const other = nodeName('gpu', 1)
  const scenario = scenarioOf({
    classes: {
      gpu: {
        latencyMs: { quick: { 1: 10, 4: 25 }, exact: { 1: 20, 4: 56 } },
        ...{ instancesPerNode: 'all', swapMs: 1000, roundTripMs: 4 },
      },
    },
    pool: [{ class: 'gpu', count: 2 }],
    trace: { binSeconds: STEP_S, rates: [12, 12] },
    drift: [{ atS: STEP_S, node: slowed, slowness: 2 }],
    noise: { latencyCv: 0.05, fanOutSpread: 0 },
  })
  // Of one item alone, and off: by 1.6 on one node.
  const said = (node: string) =>
    Object.fromEntries(
      ['find', 'name'].flatMap((task) =>
        ([['quick', 10], ['exact', 20]] as const).map(([variant, ms]) => [
          `chain/${task}/${variant}`,
          {
            ...{ pipeline: 'chain', task, variant },
            points: [{ batch: 1, latencyMs: node === other ? ms / 1.6 : ms }],
          },
        ])
      ),
    )
  const profiles: Profiles = Object.fromEntries([slowed, other].map((node) => [node, said(node)]))
  const observer = createObserver()
  const policy = createPolicy('shoal', {
    pipelines: scenario.workloads.map(({ pipeline }) => pipeline),
    initialRatePerS: initialRates(scenario),
    random: () => 0.5,
  })
  const watched = observer.wrap(policy.scheduler)
  const scheduler: typeof watched = {
    ...watched,
    handle(event, nowMs) {
      observer.step(nowMs < 1000 * STEP_S ? 0 : 1)
      return watched.handle(event, nowMs)
    },
  }
  simulate(scenario, { ...policy, scheduler })
  const seen = observer.observed(profiles)

  const near = (actual: number, expected: number, what: string) =>
    assert.ok(Math.abs(actual / expected - 1) < 0.06, `${what}: ${actual}, not ${expected}`)
  for (const [node, off, times] of [[slowed, 1, 2], [other, 1.6, 1]] as const) {
    const [before, after] = seen.pace![node]!
    near(after! / before!, times, `${node} in the second step`)
    near(seen.slowness[node]!['find/exact']! * before!, off, `${node} in the first`)
  }
  // Of two items 1.6 times as long as of one, and so on: on the line between one and four.
  const sizes = Object.entries(seen.grown!['name/exact']!)
  assert.ok(sizes.length >= 2, JSON.stringify(seen.grown))
  for (const [size, times] of sizes) near(times, 1 + 0.6 * (Number(size) - 1), `${size} at once`)
  near(seen.latencyCv, 0.05, 'spread')
  assert.equal(seen.fanOutSpread, 0)
  assert.deepEqual(seen.fanOut['exact'], { name: chain.tasks.find.variants.exact.fanOut.name })
  assert.ok(Math.abs(seen.networkMs - 4) < 1e-6)
})

Deno.test('what ran before the first step is of none: a node that warms up is not slow in it', () => {
  const ref = { pipeline: 'p', task: 't', variant: 'v' }
  const observer = createObserver()
  let batch = 0
  const watched = observer.wrap({
    handle: (event: PolicyEvent) =>
      event.type === 'query_arrived'
        ? [{ type: 'dispatch', batch, node: 'n', ...ref, items: [{}] } as unknown as PolicyCommand]
        : [],
  } as unknown as Scheduler)
  const run = (computeMs: number, handedOn: number) => {
    batch++
    watched.handle({ type: 'query_arrived' } as PolicyEvent, 0)
    const children = { next: Array.from({ length: handedOn }, () => 0) }
    const outcomes = [{ ok: true, result: 0, children }]
    const ended = { type: 'batch_finished', batch, computeMs, networkMs: computeMs, outcomes }
    watched.handle(ended as unknown as PolicyEvent, 0)
  }
  for (let i = 0; i < 5; i++) run(25, 7)
  observer.step(0)
  for (let i = 0; i < 10; i++) run(10, 2)
  const points = [{ batch: 1, latencyMs: 10 }]
  const seen = observer.observed({ n: { 'p/t/v': { ...ref, points } } })
  const { pace: { n: pace } = {}, slowness, latencyCv, fanOut, networkMs } = seen
  assert.deepEqual([pace, slowness['n']!['*'], latencyCv], [[1], 1, 0])
  assert.deepEqual([fanOut, networkMs], [{ v: { next: 2 } }, 10])
})

Deno.test('tableOf() has what was measured, and what larger batches took where that can be', () => {
  const points = [{ batch: 1, latencyMs: 10 }, { batch: 4, latencyMs: 30 }]
  // Three that took less than two, and two less than one, ran too seldom to tell.
  const grown = { 2: 1.5, 3: 1.2, 4: 9, 5: 3.2 }
  assert.deepEqual(tableOf(points, 2, grown), { 1: 20, 2: 30, 4: 60, 5: 64 })
  assert.deepEqual(tableOf(points, 1, { 2: 0.9 }), { 1: 10, 4: 30 })
  assert.deepEqual(tableOf([points[1]!], 1, { 5: 3 }), { 4: 30 }, 'of one item nothing is known')
})
