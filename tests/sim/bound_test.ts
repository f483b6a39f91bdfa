/** The fluid bound, against what can be worked out by hand. */
import assert from 'node:assert/strict'
import { boundOf, fluidBound } from '../../src/sim/bound.ts'
import { evened } from '../../src/sim/evened.ts'
import { throughputs } from '../../src/sim/bound_throughput.ts'
import { initialRates, simulate } from '../../src/sim/run.ts'
import { createPolicy } from '../../src/peers/policies.ts'
import { chain, scenarioOf, scripted } from './fixtures.ts'

const close = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-6, `${actual}, not ${expected}`)

const variants = { quick: { accuracy: 0.5 }, exact: { accuracy: 1 } }
const pipeline = {
  schema: 'shoal-pipeline/1',
  name: 'one',
  sloMs: 100,
  root: 'find',
  tasks: { find: { variants } },
}
/** 100 queries/s and 20 queries/s of one node, batches giving nothing. */
const latencyMs = { quick: { 1: 10, 2: 20 }, exact: { 1: 50, 2: 100 } }
const kind = { latencyMs, instancesPerNode: 1, swapMs: 0, roundTripMs: 0 }

const one = (given = {}, count = 1) =>
  scenarioOf({ pipeline, classes: { gpu: kind }, pool: [{ class: 'gpu', count }], ...given })

Deno.test('boundOf() mixes the two best variants as far as capacity goes', () => {
  const bound = boundOf(one())
  close(bound(20).accuracy, 1)
  // 40 x / 20 + 40 (1 - x) / 100 = 1, so x = 0.375 of the queries are exact.
  const mixed = bound(40)
  close(mixed.served, 1)
  close(mixed.accuracy, 0.375 + 0.625 * 0.5)
  // All quick carries 100: of 200 a half is served, and no better.
  const over = bound(200)
  close(over.served, 0.5)
  close(over.accuracy, 0.5)
  assert.equal(bound(0).accuracy, 1)
})

Deno.test('nodes that run half of the time count half', () => {
  const halves = one({ classes: { gpu: { ...kind, duty: 0.5 } } }, 2)
  for (const perS of [20, 40, 200]) {
    const [ours, whole] = [boundOf(halves)(perS), boundOf(one())(perS)]
    close(ours.served, whole.served)
    close(ours.accuracy, whole.accuracy)
  }
})

Deno.test('nodes of a class that differ in speed count as much as they can do', () => {
  const differing = one({ classes: { gpu: { ...kind, speedCv: 0.8 } } }, 20)
  const seen: number[] = []
  simulate(
    differing,
    scripted((event) => {
      if (event.type !== 'node_reported') return []
      const { points } = event.profile!.find(({ variant }) => variant === 'quick')!
      // Of this pipeline's 100 ms.
      if (points[0]!.latencyMs <= 100) seen.push(1000 / points[0]!.latencyMs)
      return []
    }),
  )
  const quickPerS = seen.reduce((sum, perS) => sum + perS, 0)
  close(boundOf(differing)(2 * quickPerS).served, 0.5)
  assert.ok(quickPerS > 20 * 100, 'more than nodes of the mean latency')
})

Deno.test('with whole nodes each has one variant', () => {
  const two = one({}, 2)
  // Fluid: 50 x / 20 + 50 (1 - x) / 100 = 2. Whole: one exact node serves 20 of the 50.
  close(boundOf(two)(50).accuracy, 0.75 + 0.25 * 0.5)
  close(boundOf(two, { wholeNodes: true })(50).accuracy, 0.4 + 0.6 * 0.5)
})

Deno.test('throughputs() takes the best batch that leaves time for the rest of the pipeline', () => {
  const classes = {
    gpu: {
      ...kind,
      latencyMs: { quick: { 1: 10, 4: 20 }, exact: { 1: 20, 4: 50 } },
      roundTripMs: 4,
    },
  }
  const perS = (sloMs: number) =>
    Object.fromEntries(
      throughputs(scenarioOf({ pipeline: { ...chain, sloMs }, classes }))
        .map(({ key, perS }) => [key, perS]),
    )
  // The other task takes 14 ms at least: of 68 ms, 50 are left for a batch and 4 for the network.
  close(perS(68)['find/exact']!, 1000 * 4 / 50)
  close(perS(68)['name/exact']!, 1000 * 4 / 50)
  // A batch of 3 takes 40.
  close(perS(67)['find/exact']!, 1000 * 3 / 40)
  assert.equal(perS(37)['find/exact'], undefined, 'no time even for one item')
})

Deno.test('classes are divided by what each is good at', () => {
  const classes = {
    a: { ...kind, latencyMs: { quick: { 1: 10 }, exact: { 1: 20 } } },
    b: { ...kind, latencyMs: { quick: { 1: 10 }, exact: { 1: 100 } } },
  }
  const pool = [{ class: 'a', count: 1 }, { class: 'b', count: 1 }]
  // a: 50/s exact; b: 100/s quick. As averages they would not carry 150/s at all at this accuracy.
  const { served, accuracy } = boundOf(one({ classes, pool }))(150)
  close(served, 1)
  close(accuracy, (50 + 100 * 0.5) / 150)
})

Deno.test('in a tree a branch weighs as its leaf items, and what finds nothing as its prefix', () => {
  const tree = {
    ...pipeline,
    sloMs: 1000,
    tasks: {
      find: { next: ['a', 'b'], variants: { exact: { accuracy: 0.5, fanOut: { a: 3, b: 1 } } } },
      a: { variants: { exact: { accuracy: 0.8 } } },
      b: { variants: { exact: { accuracy: 0.4 } } },
    },
  }
  const nothing = Math.exp(-4)
  const leaves = 0.5 * (0.75 * 0.8 + 0.25 * 0.4)
  close(
    boundOf(one({ pipeline: tree }))(0.01).accuracy,
    nothing * 0.5 + (1 - nothing) * leaves,
  )
})

Deno.test('what ends on the way counts there, as in answers: with one way for all nobody does better', () => {
  const variant = (accuracy: number, next?: string) => ({
    variants: { [`only${accuracy}`]: { accuracy, ...next && { fanOut: { [next]: 0.5 } } } },
    ...next && { next: [next] },
  })
  for (const fanOutSpread of [1, 2]) {
    const scenario = scenarioOf({
      pipeline: {
        ...{ schema: 'shoal-pipeline/1', name: 'deep', sloMs: 500, root: 'a' },
        tasks: { a: variant(0.9, 'b'), b: variant(0.8, 'c'), c: variant(0.5) },
      },
      classes: {
        gpu: {
          ...kind,
          instancesPerNode: 'all',
          latencyMs: { 'only0.9': { 1: 1 }, 'only0.8': { 1: 1 }, 'only0.5': { 1: 1 } },
        },
      },
      pool: [{ class: 'gpu', count: 4 }],
      trace: { binSeconds: 100, rates: [100] },
      noise: { fanOutSpread },
    })
    const { accuracy } = boundOf(scenario)(100)
    // No item for b; some, but none for c; and one leaf item or more.
    const of = (each: number) =>
      fanOutSpread === 1 ? Math.exp(-0.5 * (1 - each)) : (1 + 3 * (1 - each)) ** (-0.5 / 3)
    const [none, barren] = [of(0), of(of(0))]
    close(accuracy, 0.9 * none + 0.9 * 0.8 * (barren - none) + 0.9 * 0.8 * 0.5 * (1 - barren))
    const policy = createPolicy('shoal', {
      pipelines: scenario.workloads.map(({ pipeline }) => pipeline),
      initialRatePerS: initialRates(scenario),
      random: () => 0.5,
    })
    const { effectiveAccuracy } = simulate(scenario, policy).result
    assert.ok(Math.abs(effectiveAccuracy - accuracy) < 0.005, `${effectiveAccuracy}, ${accuracy}`)
  }
})

Deno.test('fluidBound() weighs seconds by their demand', () => {
  const { served, accuracy, bins } = fluidBound(
    one({ trace: { binSeconds: 1, rates: [20, 0, 200] } }),
  )
  assert.equal(bins.length, 3)
  close(served, (20 + 100) / 220)
  close(accuracy, (20 + 100 * 0.5) / 120)
  assert.deepEqual(bins.map(({ accuracy }) => Math.round(accuracy * 1e6) / 1e6), [1, 1, 0.5])
})

/** Busy and quiet seconds in turn: 60 a second are not all exact on two nodes, 33 are. */
const swinging = (sloMs: number) =>
  one({
    pipeline: { ...pipeline, sloMs },
    classes: { gpu: { ...kind, instancesPerNode: 'all' } },
    trace: { binSeconds: 1, rates: Array.from({ length: 20 }, (_, t) => t % 2 ? 5 : 60) },
  }, 2)

Deno.test('fluidBound() lets work wait as long as deadlines let it, and no policy that serves all is above it', () => {
  // The 60 of a second can take 60 ms longer: r x / 20 + r (1 - x) / 100 = 2.
  const perS = 60 / 1.06
  const exact = (2 - perS / 100) / (perS / 20 - perS / 100)
  close(fluidBound(swinging(60)).accuracy, (60 * (exact + (1 - exact) * 0.5) + 5) / 65)
  close(fluidBound(swinging(5000)).accuracy, 1)
  let atBest = 0
  for (const sloMs of [250, 1000, 5000]) {
    const scenario = swinging(sloMs)
    const bound = fluidBound(scenario)
    for (const name of ['static', 'shoal', 'loki']) {
      const { violationRatio, effectiveAccuracy } = simulate(
        scenario,
        createPolicy(name, {
          pipelines: scenario.workloads.map((one) => one.pipeline),
          initialRatePerS: initialRates(scenario),
        }),
      ).result
      if (violationRatio > 0) continue
      assert.ok(effectiveAccuracy <= bound.accuracy + 0.01, `${name}, ${sloMs} ms`)
      if (sloMs === 5000) atBest = Math.max(atBest, effectiveAccuracy)
    }
  }
  assert.equal(atBest, 1, 'who waits has the best of all')
  // Bins have what those had that came in them; whole nodes are of each bin.
  const { bins } = fluidBound(swinging(5000))
  assert.equal(bins.length, 20)
  for (const bin of bins) close(bin.accuracy, 1)
  assert.ok(fluidBound(swinging(5000), { wholeNodes: true }).accuracy < 0.9)
})

Deno.test('evened() is as even as what has come and what is due let it be', () => {
  const of = (rates: number[], waitS: number) =>
    evened({ binSeconds: 2, rates }, waitS).map(({ fromS, toS, ratePerS }) =>
      [fromS, toS, ratePerS].map((value) => Math.round(value * 1e6) / 1e6)
    )
  assert.deepEqual(of([5, 5, 40, 0, 10], 0), [[0, 4, 5], [4, 6, 40], [6, 8, 0], [8, 10, 10]])
  // What came in the first four seconds can be late by one, the 80 of the next two by as much.
  assert.deepEqual(
    of([5, 5, 40, 0, 10], 1),
    [
      ...[[0, 4, 5], [4, 7, 80 / 3], [7, 8, 0], [8, 10, 10]],
    ].map((row) => row.map((value) => Math.round(value * 1e6) / 1e6)),
  )
  assert.deepEqual(of([30, 30, 30], 1), [[0, 6, 30]], 'as if it went on')
  assert.deepEqual(of([0, 0], 1).map(([, , ratePerS]) => ratePerS), [0])
})

/** Two pipelines that have a node for both: one mixes as above, the other has one variant, 50/s. */
const shared = (first: object, second: object) => {
  const other = {
    ...{ ...pipeline, name: 'other', root: 'count' },
    tasks: { count: { variants: { plain: { accuracy: 0.9 } } } },
  }
  return scenarioOf({
    ...{ pipeline: undefined, trace: undefined },
    workloads: [{ pipeline, trace: first }, { pipeline: other, trace: second }],
    classes: { gpu: { ...kind, latencyMs: { ...latencyMs, plain: { 1: 20, 2: 40 } } } },
    pool: [{ class: 'gpu', count: 1 }],
  })
}

Deno.test('several pipelines share the pool as is best for all queries', () => {
  const bound = boundOf(shared({ binSeconds: 1, rates: [1] }, { binSeconds: 1, rates: [1] }))
  // 10/s of the other one leave 0.8 of the node: 20 x / 20 + 20 (1 - x) / 100 = 0.8, so x = 0.75.
  const mixed = bound(20, 10)
  close(mixed.served, 1)
  close(mixed.accuracy, (20 * (0.75 + 0.25 * 0.5) + 10 * 0.9) / 30)
  close(bound(20, 0).accuracy, bound(20).accuracy)
  // Of 100 quick ones and 50 others a node serves the most if it serves the quick ones.
  close(bound(100, 50).served, 100 / 150)
})

Deno.test('fluidBound() takes the bins of all traces together', () => {
  const bins = (rates: number[], binSeconds = 1) => ({ binSeconds, rates })
  const { served, bins: found } = fluidBound(shared(bins([20, 100]), bins([10])))
  close(found[0]!.served, 1)
  close(served, 1)
  close(found[1]!.accuracy, 0.5)
  assert.throws(() => fluidBound(shared(bins([1]), bins([1], 5))), /bins of 1 and 5 s/)
})
