/** Nodes that are scaled: slots that share a machine, threads, cold starts, and what was in use. */
import assert from 'node:assert/strict'
import type { InUse } from '../../src/policy/core/elastic.ts'
import type { PolicyCommand, PolicyEvent } from '../../src/policy/core/types.ts'
import { simulate } from '../../src/sim/run.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import { createContent } from '../../src/sim/content.ts'
import { cellsOf } from '../../src/sim/suites/run/cells.ts'
import { dispatchOf, done, type Given, scenarioOf, scripted, single } from './fixtures.ts'

const SECONDS = 4
const HOP_MS = 10
const ref = { pipeline: 'single', task: 'find', variant: 'exact' }
const item = { query: 'any', payload: createContent(checkPipeline(single, 'single'), 1).root(0) }

/** What the policy commands, and when. */
type Script = [atMs: number, command: PolicyCommand][]

/** Nobody asks: all that happens is what the script says. */
function run(given: Given, script: Script, more: Given = {}) {
  const left = [...script].sort(([a], [b]) => a - b)
  const policy = scripted((event, nowMs): PolicyCommand[] => {
    const due: PolicyCommand[] = []
    while (left.length > 0 && left[0]![0] <= nowMs && event.type === 'wake') {
      due.push(left.shift()![1])
    }
    const next = left[0]
    return next === undefined ? due : [...due, { type: 'wake_at', atMs: next[0] }]
  })
  const scenario = scenarioOf({
    pipeline: single,
    classes: {
      gpu: {
        latencyMs: { exact: { 1: 100, 2: 150 } },
        ...{ instancesPerNode: 'all', swapMs: 300, roundTripMs: HOP_MS },
        ...given,
      },
    },
    pool: [{ class: 'gpu', count: 1 }],
    trace: { binSeconds: SECONDS, rates: [0] },
    ...more,
  })
  const { result, faults } = simulate(scenario, policy)
  const of = <T extends PolicyEvent['type']>(type: T) =>
    policy.seen.filter(({ event }) => event.type === type) as {
      event: Extract<PolicyEvent, { type: T }>
      atMs: number
    }[]
  return { elastic: result.elastic!, result, faults, of }
}

const batch = (number: number, slot = 0) => dispatchOf({ batch: number, slot, items: [item] })
const scale = (to: Partial<InUse>): PolicyCommand => ({
  ...{ type: 'scale', node: 'gpu-0', slots: 1, duty: 1, threads: 1 },
  ...to,
})
const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-6, `${a}, not ${b}`)

Deno.test('slots of one node run beside each other, and slow each other as it is said', () => {
  const twice: Script = [[50, batch(1)], [100, batch(2, 1)]]
  const apart = run({ slots: 2 }, twice)
  assert.equal(apart.of('node_joined')[0]!.event.slots, 2)
  assert.deepEqual(apart.of('instance_ready').map(({ event }) => event.slot), [0, 1])
  assert.deepEqual(apart.of('batch_finished').map(({ atMs }) => atMs), [160, 210])
  const { of, elastic } = run({ slots: 2, sharing: [1, 0.5] }, twice)
  // Alone for 50 ms, then both at half speed, then the second alone with what is left of it.
  assert.deepEqual(of('batch_finished').map(({ atMs, event }) => [atMs, event.computeMs]), [
    ...[[210, 150], [260, 150]],
  ])
  near(elastic.busySlotS, 0.3)
})

Deno.test('more threads are there for the next batch, and the node says when', () => {
  const { of } = run({ threads: { speedups: [1, 2] } }, [
    ...[[50, batch(1)], [60, scale({ threads: 2 })], [60, batch(2)]] as Script,
    ...[[400, scale({ threads: 3 })]] as Script,
  ])
  const { threads, speedups } = of('node_joined')[0]!.event
  assert.deepEqual({ threads, speedups }, { threads: 1, speedups: [1, 2] })
  assert.deepEqual(of('batch_finished').map(({ event }) => event.computeMs), [100, 50])
  assert.deepEqual(of('node_scaled').map(({ atMs, event }) => [atMs, event.threads]), [
    ...[[70, 2], [410, 2]],
  ])
  const slow = run({ threads: { speedups: [1, 2], resizeMs: 500 } }, [
    ...[[50, scale({ threads: 2 })], [60, batch(1)], [600, batch(2)]] as Script,
  ])
  assert.deepEqual(slow.of('batch_finished').map(({ event }) => event.computeMs), [100, 50])
  assert.equal(slow.of('node_scaled')[0]!.atMs, 50 + HOP_MS + 500)
  // Only the last is answered of those that come at one moment, or before threads are there.
  const hasty = run({ threads: { speedups: [1, 2], resizeMs: 500 } }, [
    ...[[50, scale({ threads: 2 })], [60, scale({})], [60, scale({ threads: 2 })]] as Script,
  ])
  assert.deepEqual(hasty.of('node_scaled').map(({ atMs }) => atMs), [60 + HOP_MS + 500])
})

Deno.test('coefficients of a variant say what threads are worth, more to larger batches', () => {
  // 60 b/c + 20 b + 10/c + 10: 100 ms for one item, 65 with two threads; 180 and 115 for two.
  const exact = { alpha: 60, beta: 20, gamma: 10, zeta: 10 }
  const two = dispatchOf({ batch: 2, items: [item, item] })
  const { of } = run({ threads: { coefficients: { exact }, most: 2 } }, [
    ...[[50, scale({ threads: 2 })], [60, batch(1)], [300, two]] as Script,
  ])
  const { speedups } = of('node_joined')[0]!.event
  near(speedups![1]!, 100 / 65)
  assert.equal(speedups!.length, 2)
  const [one, both] = of('batch_finished').map(({ event }) => event.computeMs)
  near(one!, 65)
  near(both!, 150 * 115 / 180)
})

Deno.test('a cold node holds nothing, has all that it is told after one time, and may be cold again', () => {
  const pipeline = {
    ...single,
    tasks: { find: { variants: { exact: { accuracy: 1 }, quick: { accuracy: 0.5 } } } },
  }
  const of = (type: 'load' | 'unload', variant: string) =>
    ({ type, node: 'gpu-0', slot: 0, ...ref, variant }) as PolicyCommand
  const { of: seen, elastic, faults } = run(
    { latencyMs: { exact: { 1: 100 }, quick: { 1: 50 } }, coldMs: 700 },
    [
      ...[[0, of('load', 'exact')], [100, of('load', 'quick')], [800, batch(1)]] as Script,
      ...[[1000, scale({ slots: 0 })], [1100, of('unload', 'quick')]] as Script,
      // Not all is unloaded yet: this takes what a swap does.
      ...[[1200, of('load', 'quick')], [1600, of('unload', 'quick')]] as Script,
      ...[[1700, of('unload', 'exact')], [2000, of('load', 'exact')]] as Script,
    ],
    { pipeline, pool: [{ class: 'gpu', count: 1, starts: 'cold' }] },
  )
  assert.equal(seen('node_joined')[0]!.event.cold, true)
  assert.deepEqual(seen('instance_ready').map(({ event, atMs }) => [event.variant, atMs]), [
    ...[['exact', 700], ['quick', 700], ['quick', 1500], ['exact', 2700]],
  ])
  assert.deepEqual([...faults], [])
  // Recruited to 700 and again from 2000 on, warm between; awake until it was told to rest.
  near(elastic.coreS, 1.7 + (SECONDS - 2))
  near(elastic.awakeNodeS, 1 + HOP_MS / 2000 - 0.7)
})

Deno.test('slots, and the share of the time, are as it was told last', () => {
  const { of, faults } = run({ slots: 2 }, [
    ...[[50, scale({ slots: 1, duty: 0.25 })], [50, batch(1, 1)]] as Script,
    ...[[60, batch(2)], [70, batch(3)]] as Script,
    ...[[400, scale({ slots: 2, duty: 0.5 })], [450, batch(4, 1)]] as Script,
  ])
  assert.deepEqual([...faults], [['batch for a parked slot', 1]])
  assert.match(of('batch_failed')[0]!.event.message, /slot 1 is not in use/)
  // The rest of 300 ms after the first is over as soon as it may work half of the time.
  assert.deepEqual(of('batch_finished').map(({ event, atMs }) => [event.batch, atMs]), [
    ...[[2, 170], [3, 510], [4, 560]],
  ])
  assert.deepEqual(of('node_scaled').map(({ event: { slots, duty } }) => [slots, duty]), [
    ...[[1, 0.25], [2, 0.5]],
  ])
})

Deno.test('a node that starts at rest is warm, may be called, and counts for what it does', () => {
  const { of, elastic, faults } = run({ power: { idleW: 10, busyW: 30 } }, [[50, batch(1)]], {
    pool: [{ class: 'gpu', count: 1, starts: 'resting' }],
  })
  assert.equal(of('node_scaled')[0]!.event.slots, 0)
  assert.equal(of('batch_finished').length, 1)
  assert.deepEqual([...faults], [])
  near(elastic.awakeNodeS, 0.1)
  near(elastic.coreS, SECONDS)
  near(elastic.joules, 3)
})

Deno.test('joules: pacing saves nothing on a straight line, and something under a curve', () => {
  const joulesOf = (duty: number, exponent: number) =>
    run({ power: { idleW: 10, busyW: 30, exponent } }, [
      ...[[0, scale({ duty })], [50, batch(1)]] as Script,
    ]).elastic.joules - 10 * SECONDS
  near(joulesOf(1, 1), 2)
  near(joulesOf(0.5, 1), 2)
  near(joulesOf(0.5, 3), 20 * 0.5 ** 3 * 0.2)
  // Of two slots one is half of the node; with one of two threads in half of that.
  const one = run({ slots: 2, power: { idleW: 0, busyW: 30 } }, [[50, batch(1)]])
  near(one.elastic.joules, 1.5)
  const both: Given = { threads: { speedups: [1, 1] }, power: { idleW: 0, busyW: 30 } }
  near(run(both, [[50, batch(1)]]).elastic.joules, 1.5)
  near(run(both, [[0, scale({ threads: 2 })], [50, batch(1)]]).elastic.joules, 3)
})

Deno.test('cores are slots times threads, by the second and at the most', () => {
  const { elastic } = run({ slots: 2, threads: { speedups: [1, 2, 3, 4] } }, [
    ...[[1000 - HOP_MS / 2, scale({ slots: 2, threads: 4 })]] as Script,
    ...[[2500 - HOP_MS / 2, scale({ slots: 1, threads: 2 })]] as Script,
  ])
  assert.deepEqual(elastic.coresAt, [2, 8, 2, 2])
  assert.equal(elastic.mostCores, 8)
  near(elastic.coreS, 2 + 12 + 3)
})

Deno.test('what was in use is told where it is asked for, with the latency of answers on time', () => {
  const policy = scripted((event): PolicyCommand[] =>
    event.type === 'query_arrived' ? [{ type: 'answer', query: event.query, answer: done() }] : []
  )
  const given = { pipeline: single, trace: { binSeconds: 1, rates: [20] } }
  assert.equal(simulate(scenarioOf(given), policy).result.elastic, undefined)
  const { elastic } = simulate(scenarioOf({ ...given, elastic: true }), policy).result
  assert.deepEqual([elastic!.meanLatencyMs, elastic!.p95LatencyMs], [0, 0])
  near(elastic!.awakeNodeS, 3)
})

Deno.test('suites use as few nodes as keep deadlines, unless a case says otherwise', () => {
  const of = (given: Given) => {
    const scenario = { seed: 1, trace: { binSeconds: 1, rates: [1] }, ...given }
    const cases = [{ table: 't', row: 'r', scenario, contenders: [{ policy: 'shoal' }] }]
    return cellsOf({ name: 'any', about: '', cases: () => cases }, cases, 1, () => '')[0]!.scenario
  }
  assert.equal(of({}).prefer, 'frugal')
  assert.equal(of({ prefer: 'sooner' }).prefer, 'sooner')
})
