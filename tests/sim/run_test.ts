/** A run: the books agree with what can be computed by hand; same seed, same run. */
import assert from 'node:assert/strict'
import { createPolicy } from '../../src/peers/policies.ts'
import type { PolicyCommand, PolicyEvent } from '../../src/policy/core/types.ts'
import { simulate } from '../../src/sim/run.ts'
import type { SimulationResult } from '../../src/sim/result.ts'
import {
  dispatchOf,
  done,
  dropped,
  scenarioJson,
  scenarioOf,
  scripted,
  single,
} from './fixtures.ts'

const virtual = ({ planSolveMsP95: _, ...rest }: SimulationResult) => rest

const singleScenario = (given = {}) =>
  scenarioOf({
    pipeline: single,
    classes: { gpu: { ...scenarioJson().classes.gpu, latencyMs: { exact: { 1: 100 } } } },
    pool: [{ class: 'gpu', count: 1 }],
    trace: { binSeconds: 1, rates: [4, 12, 0, 8] },
    ...given,
  })

type Arrived = Extract<PolicyEvent, { type: 'query_arrived' }>

/** Sends each query to the one node as it comes and answers when the batch is back. */
function inOrder() {
  let batch = 0
  const queries = new Map<number, string>()
  return scripted((event): PolicyCommand[] => {
    if (event.type === 'query_arrived') {
      const { query, payload } = event
      queries.set(++batch, query)
      return [dispatchOf({ batch, items: [{ query, payload }] })]
    }
    if (event.type !== 'batch_finished') return []
    return [{ type: 'answer', query: queries.get(event.batch)!, answer: done(0.9) }]
  })
}

Deno.test('roots are counted as a queue computed by hand says', () => {
  const policy = inOrder()
  const { result, faults } = simulate(singleScenario(), policy)
  const arrivals = policy.seen.filter(({ event }) => event.type === 'query_arrived')
  const bins = [0, 1, 2, 3].map(() => ({ demand: 0, onTime: 0, busy: false }))
  let freeMs = 0
  for (const { atMs, event } of arrivals) {
    const startMs = Math.max(freeMs, atMs + 2)
    freeMs = startMs + 100
    const bin = bins[Math.floor(atMs / 1000)]!
    bin.demand++
    if (freeMs + 2 <= (event as Arrived).deadlineMs) bin.onTime++
    for (let t = Math.floor(startMs / 1000); t * 1000 < freeMs; t++) {
      if (bins[t] !== undefined) bins[t]!.busy = true
    }
  }
  const onTime = bins.reduce((sum, bin) => sum + bin.onTime, 0)
  assert.ok(onTime > 0 && onTime < arrivals.length, 'some are on time, some late')
  assert.deepEqual(
    result.timeline,
    bins.map(({ demand, onTime, busy }, t) => ({
      t,
      demand,
      violationRatio: demand === 0 ? 0 : (demand - onTime) / demand,
      effectiveAccuracy: onTime === 0 ? 0 : result.timeline[t]!.effectiveAccuracy,
      activeNodes: busy ? 1 : 0,
    })),
  )
  assert.equal(result.roots, arrivals.length)
  assert.equal(result.onTime, onTime)
  assert.equal(result.late, arrivals.length - onTime)
  assert.equal(result.dropped, 0)
  assert.equal(result.violationRatio, (arrivals.length - onTime) / arrivals.length)
  assert.ok(Math.abs(result.effectiveAccuracy - 0.9) < 1e-12)
  assert.equal(result.meanActiveNodes, bins.filter(({ busy }) => busy).length / 4)
  assert.equal(result.peakActiveNodes, 1)
  assert.deepEqual([...faults], [])
})

Deno.test('a failure before the deadline is dropped, at the deadline late, and silence is late', () => {
  const policy = scripted((event): PolicyCommand[] => {
    if (event.type !== 'query_arrived') return []
    return event.query.endsWith('0')
      ? [{ type: 'answer', query: event.query, answer: dropped }]
      : []
  })
  const { result, faults } = simulate(singleScenario(), policy)
  const count = Math.ceil(result.roots / 10)
  assert.deepEqual([result.dropped, result.late, result.onTime], [count, result.roots - count, 0])
  assert.equal(faults.get('query never answered'), result.roots - count)
  assert.equal(result.effectiveAccuracy, 0)
})

Deno.test('queries come when they are said to come, in place of by chance', () => {
  const moments: number[] = []
  const policy = scripted((event, nowMs): PolicyCommand[] => {
    if (event.type !== 'query_arrived') return []
    moments.push(nowMs)
    return [{ type: 'answer', query: event.query, answer: dropped }]
  })
  const dueMs = [3, 250, 250, 1400, Infinity].values()
  const { result } = simulate(singleScenario(), policy, {
    arrivals: () => () => dueMs.next().value!,
  })
  assert.deepEqual(moments, [3, 250, 250, 1400])
  assert.equal(result.roots, 4)
})

Deno.test('accuracy is what the results handed on say, not what the policy says', () => {
  let batch = 0
  const queries = new Map<number, string>()
  const policy = scripted((event): PolicyCommand[] => {
    if (event.type === 'query_arrived') {
      queries.set(++batch, event.query)
      const items = [{ query: event.query, payload: event.payload }]
      return [dispatchOf({ batch, pipeline: 'chain', variant: 'quick', items })]
    }
    if (event.type !== 'batch_finished') return []
    const outcome = event.outcomes[0]!
    const result = outcome.ok ? outcome.result : null
    const items = [{ task: 'find', parent: -1, payload: null, result }]
    const answer = { ...done(1), items }
    return [{ type: 'answer', query: queries.get(event.batch)!, answer }]
  })
  const { result } = simulate(scenarioOf({ trace: { binSeconds: 1, rates: [5] } }), policy)
  assert.equal(result.violationRatio, 0)
  assert.equal(result.effectiveAccuracy, 0.5)
})

Deno.test('same seed, same result bit for bit; another seed, another', () => {
  const scenario = scenarioOf({
    trace: { binSeconds: 1, rates: [40, 90, 60, 120] },
    noise: { latencyCv: 0.2 },
    churn: { meanUptimeS: 2, meanDowntimeS: 0.5 },
    drift: [{ atS: 2, node: 'gpu-1', slowness: 2 }],
    classes: { gpu: { ...scenarioJson().classes.gpu, speedCv: 0.3 } },
  })
  const run = (seed: number) =>
    JSON.stringify(virtual(
      simulate(
        { ...scenario, seed },
        createPolicy('shoal', { pipelines: scenario.workloads.map((one) => one.pipeline) }),
      ).result,
    ))
  assert.equal(run(1), run(1))
  assert.notEqual(run(1), run(2))
})

Deno.test('every policy meets the same arrivals and finds the same items', () => {
  const seenWith = (variant: string) => {
    let batch = 0
    const policy = scripted((event): PolicyCommand[] => {
      if (event.type !== 'query_arrived') return []
      const items = [{ query: event.query, payload: event.payload }]
      return [
        dispatchOf({ batch: batch++, node: `gpu-${batch % 3}`, pipeline: 'chain', variant, items }),
      ]
    })
    simulate(scenarioOf({ noise: { latencyCv: 0.5 } }), policy)
    const arrivals: number[] = []
    const found = new Map<number, number>()
    for (const { event, atMs } of policy.seen) {
      if (event.type === 'query_arrived') arrivals.push(atMs)
      if (event.type !== 'batch_finished') continue
      const outcome = event.outcomes[0]!
      if (outcome.ok) found.set(event.batch, outcome.children.name!.length)
    }
    return { arrivals, found }
  }
  const quick = seenWith('quick')
  const exact = seenWith('exact')
  assert.deepEqual(quick.arrivals, exact.arrivals)
  assert.ok(exact.found.size > 40)
  let more = 0
  for (const [batch, count] of exact.found) {
    assert.ok(quick.found.get(batch)! <= count)
    if (quick.found.get(batch)! < count) more++
  }
  assert.ok(more > 20, 'the variant with the larger mean finds more')
  assert.deepEqual(seenWith('exact'), exact)
})

Deno.test('several workloads have a row each, and the total is their sum', () => {
  const { pipeline, trace, ...rest } = scenarioJson()
  const scenario = scenarioOf({
    ...rest,
    pipeline: undefined,
    trace: undefined,
    workloads: [{ pipeline, trace }, { pipeline: { ...pipeline, name: 'other' }, trace }],
  })
  const pipelines = scenario.workloads.map((one) => one.pipeline)
  const { result } = simulate(scenario, createPolicy('shoal', { pipelines }))
  assert.deepEqual(result.workloads.map((row) => row.pipeline), ['chain', 'other'])
  for (const field of ['roots', 'onTime', 'late', 'dropped'] as const) {
    assert.equal(result.workloads.reduce((sum, row) => sum + row[field], 0), result[field])
  }
  assert.ok(result.workloads.every(({ onTime }) => onTime > 20))
})

Deno.test('a share of the queries asks for the floor of the demand', () => {
  const policy = inOrder()
  const floors = { share: 0.25, accuracy: 0.8 }
  simulate(singleScenario({ trace: { binSeconds: 100, rates: [10], floors } }), policy)
  const asked = policy.seen.flatMap(({ event }) => event.type === 'query_arrived' ? [event] : [])
  const floored = asked.filter(({ minAccuracy }) => minAccuracy === 0.8)
  assert.ok(asked.every(({ minAccuracy }) => minAccuracy === undefined || minAccuracy === 0.8))
  assert.ok(Math.abs(floored.length / asked.length - 0.25) < 0.05, `${floored.length}`)
})
