/** The allocation of the peers: against hand-made answers, brute force, published optima. */
import assert from 'node:assert/strict'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import { createClasses } from '../../src/peers/classes.ts'
import { createModel } from '../../src/peers/model.ts'
import { accuracyScaling, hardwareScaling, largestShare } from '../../src/peers/plans.ts'
import { proteus } from '../../src/peers/proteus.ts'
import type { Allocation, Problem } from '../../src/peers/strategy.ts'
import { boundOf } from '../../src/sim/bound.ts'
import { evalScenario } from '../../src/sim/eval.ts'
import { sharedScenario } from '../../src/sim/eval_shared.ts'
import { pointList } from '../../src/sim/latency.ts'
import { checkScenario, pointsOf } from '../../src/sim/scenario.ts'
import { small } from './fixtures.ts'

const OPTIONS = { cap: 1, halving: 2 }

const countsOf = (allocation: Allocation | undefined) =>
  Object.fromEntries(
    (allocation?.groups ?? []).map(({ variant: { ref }, count }) => [
      `${ref.task}/${ref.variant}`,
      count,
    ]),
  )

const near = (actual: number, expected: number, by = 1e-3) =>
  assert.ok(Math.abs(actual - expected) <= by, `${actual}, not ${expected}`)

Deno.test('hardwareScaling() takes the fewest workers with the most accurate variants', () => {
  // 20 find/exact and 40 name/exact a second of one worker each; two names for one find.
  const plan = hardwareScaling(small().problem(45, 10), OPTIONS)
  assert.deepEqual(countsOf(plan), { 'find/exact': 3, 'name/exact': 3 })
  assert.equal(plan?.mode, 'hardware')
  near(plan!.objective, 45)
})

Deno.test('hardwareScaling() is undefined where the workers or the deadline do not allow it', () => {
  assert.equal(hardwareScaling(small().problem(45, 5), OPTIONS), undefined)
  const { model, problem } = small()
  model.pipelines[0]!.sloMs = 149
  assert.equal(hardwareScaling(problem(45, 10), OPTIONS), undefined, 'half of it is under 50 + 25')
  model.pipelines[0]!.sloMs = 151
  assert.ok(hardwareScaling(problem(45, 10), OPTIONS))
})

Deno.test('the most accurate variant is one that a device of the pool can run', () => {
  const { model, problem, variant } = small()
  const without = model.variants.filter((one) => one !== variant('find', 'exact'))
  const points = new Map(without.map((one) => [one, [{ batch: 1, latencyMs: 20 }]]))
  const device = createClasses(model).classOf(without, points)
  const given = { ...problem(45, 10), classes: [{ class: device, count: 10 }] }
  for (const plan of [hardwareScaling(given, OPTIONS), largestShare(given, OPTIONS)]) {
    assert.deepEqual(Object.keys(countsOf(plan)), ['find/quick', 'name/exact'])
  }
})

Deno.test('the cap leaves a share of every worker unplanned', () => {
  assert.deepEqual(countsOf(hardwareScaling(small().problem(45, 10), { cap: 0.7, halving: 2 })), {
    'find/exact': 4,
    'name/exact': 4,
  })
})

Deno.test('accuracyScaling() agrees with brute force on one task', () => {
  const one = checkPipeline({
    schema: 'shoal-pipeline/1',
    name: 'one',
    sloMs: 1000,
    root: 'see',
    tasks: {
      see: { variants: { a: { accuracy: 1 }, b: { accuracy: 0.8 }, c: { accuracy: 0.45 } } },
    },
  }, 'one')
  const perS = [4, 10, 25]
  const accuracy = [1, 0.8, 0.45]
  const pool = small(one, { 'see/a': 250, 'see/b': 100, 'see/c': 40 })
  for (const rate of [15, 22, 31, 44, 60, 88, 120]) {
    let best = -1
    for (let a = 0; a <= 5; a++) {
      for (let b = 0; a + b <= 5; b++) {
        const counts = [a, b, 5 - a - b]
        let rest = rate
        let sum = 0
        counts.forEach((count, i) => {
          const served = Math.min(rest, count * perS[i]!)
          rest -= served
          sum += served * accuracy[i]!
        })
        if (rest < 1e-9) best = Math.max(best, sum)
      }
    }
    near(accuracyScaling(pool.problem(rate, 5), OPTIONS)!.objective, best, 0.01 * rate)
  }
})

Deno.test('accuracyScaling() divides workers among pipelines as brute force does', () => {
  const seeing = (name: string, accuracy: number[]) =>
    checkPipeline({
      ...{ schema: 'shoal-pipeline/1', name, sloMs: 1000, root: 'see' },
      tasks: {
        see: {
          variants: Object.fromEntries(accuracy.map((one, i) => [`v${i}`, { accuracy: one }])),
        },
      },
    }, name)
  const accuracies = [[1, 0.97, 0.9, 0.82, 0.7, 0.5], [0.95, 0.93, 0.84, 0.76, 0.6, 0.4]]
  const perS = [[4, 6, 9, 13, 20, 30], [3, 5, 8, 12, 19, 31]]
  const WORKERS = 18
  const model = createModel(accuracies.map((one, p) => seeing(`p${p}`, one)))
  const points = new Map(model.variants.map((one) => {
    const [p, v] = [model.pipelines.indexOf(one.task.pipeline), Number(one.ref.variant.slice(1))]
    return [one, [1, 64].map((batch) => ({ batch, latencyMs: 1000 / perS[p]![v]! * batch }))]
  }))
  const device = createClasses(model).classOf(model.variants, points)

  /** Most of rate times accuracy that so many workers do; -1 where they do not carry it. */
  function most(p: number, rate: number, workers: number, v = 0): number {
    if (v === perS[p]!.length) return rate < 1e-9 ? 0 : -1
    let best = -1
    for (let count = 0; count <= workers; count++) {
      const served = Math.min(rate, count * perS[p]![v]!)
      const rest = most(p, rate - served, workers - count, v + 1)
      if (rest >= 0) best = Math.max(best, served * accuracies[p]![v]! + rest)
    }
    return best
  }
  for (const [first, second] of [[90, 50], [150, 30], [60, 160], [200, 100]] as const) {
    let best = -1
    for (let workers = 0; workers <= WORKERS; workers++) {
      const [a, b] = [most(0, first, workers), most(1, second, WORKERS - workers)]
      if (a >= 0 && b >= 0) best = Math.max(best, a + b)
    }
    const rates = [first, second]
    const plan = accuracyScaling({
      ...{ epoch: 1, model, classes: [{ class: device, count: WORKERS }], roundTripMs: 0 },
      ratePerS: new Map(model.pipelines.map((one, p) => [one, rates[p]!])),
      taskRatePerS: new Map(model.tasks.map((task, p) => [task, rates[p]!])),
      factor: () => 1,
    }, OPTIONS)!
    near(plan.objective, best, 0.005 * (first + second))
    const used = plan.groups.reduce((sum, { count }) => sum + count, 0)
    assert.ok(used <= WORKERS, `${used} workers`)
  }
})

Deno.test('accuracyScaling() serves as much as can be where not all can be', () => {
  // Fewest ms for a query: 10 + 2 * 5, so 50 a second of one worker of each, 3 workers: 150 at most.
  const plan = accuracyScaling(small().problem(1000, 3), OPTIONS)
  assert.equal(plan?.mode, 'saturated')
  const served = plan!.mix.reduce((sum, { share }) => sum + share, 0)
  near(served * 1000, 100, 1)
})

Deno.test('largestShare() serves with the best variants only', () => {
  const plan = largestShare(small().problem(1000, 6), OPTIONS)
  assert.deepEqual(countsOf(plan), { 'find/exact': 3, 'name/exact': 3 })
  near(plan!.objective, 60, 0.5)
  // 75 ms do not fit half of 149, but all of it.
  const { model, problem } = small()
  model.pipelines[0]!.sloMs = 149
  assert.deepEqual(countsOf(largestShare(problem(1000, 6), OPTIONS)), countsOf(plan))
  model.pipelines[0]!.sloMs = 74
  assert.equal(largestShare(problem(1000, 6), OPTIONS), undefined)
})

Deno.test('branches of a tree carry the same variants of what they share', () => {
  const tree = checkPipeline({
    schema: 'shoal-pipeline/1',
    name: 'tree',
    sloMs: 1000,
    root: 'see',
    tasks: {
      see: { next: ['left', 'right'], variants: { a: { accuracy: 1 }, b: { accuracy: 0.5 } } },
      left: { variants: { a: { accuracy: 1 }, b: { accuracy: 0.5 } } },
      right: { variants: { a: { accuracy: 1 }, b: { accuracy: 0.5 } } },
    },
  }, 'tree')
  const slow = { 'see/a': 100, 'left/a': 100, 'right/a': 100 }
  const pool = small(tree, { ...slow, 'see/b': 20, 'left/b': 20, 'right/b': 20 })
  const accuracy = (ratePerS: number, count: number) => {
    const plan = accuracyScaling(pool.problem(ratePerS, count), OPTIONS)!
    near(plan.mix.reduce((sum, { share }) => sum + share, 0), 2, 1e-3)
    return plan.objective / ratePerS
  }
  // Two see/a carry it all, one b for each leaf.
  near(accuracy(18, 4), 0.5)
  // With the fifth one leaf has two a, which carry all of it.
  near(accuracy(18, 5), (1 + 0.5) / 2)
  // One see/a for 10 of 30: did branches not agree, the second would take it for all 30.
  near(accuracy(30, 4), 0.5 * 10 / 30 + 0.25 * 20 / 30)
})

Deno.test('proteus plans every task alone, and gives every device something to do', () => {
  const plan = proteus().allocate(small().problem(20, 8))!
  assert.equal(plan.groups.reduce((sum, { count }) => sum + count, 0), 8)
  assert.ok(
    plan.groups.some(({ variant: { ref } }) => `${ref.task}/${ref.variant}` === 'find/exact'),
  )
  // A task has half of the SLO, its batch half of that: 45 ms is less than find/exact takes.
  const { model, problem } = small()
  model.pipelines[0]!.sloMs = 180
  const tight = proteus().allocate(problem(20, 8))!
  assert.equal(countsOf(tight)['find/exact'], undefined)
  assert.ok(countsOf(tight)['find/quick']! > 0)
  const tooMuch = proteus().allocate(small().problem(10_000, 8))!
  assert.equal(tooMuch.mode, 'saturated')
})

Deno.test('where workers are fewer than pipelines something is served', () => {
  const model = createModel(
    ['one', 'other'].map((name) =>
      checkPipeline({
        ...{ schema: 'shoal-pipeline/1', name, sloMs: 1000, root: 'see' },
        tasks: { see: { variants: { only: { accuracy: 1 } } } },
      }, name)
    ),
  )
  const points = new Map(
    model.variants.map((one) => [one, [1, 64].map((n) => ({ batch: n, latencyMs: 100 * n }))]),
  )
  const device = createClasses(model).classOf(model.variants, points)
  const plan = accuracyScaling({
    ...{ epoch: 1, model, classes: [{ class: device, count: 1 }], roundTripMs: 0 },
    ratePerS: new Map(model.pipelines.map((one) => [one, 10])),
    taskRatePerS: new Map(model.tasks.map((task) => [task, 10])),
    factor: () => 1,
  }, OPTIONS)
  assert.equal(plan?.mode, 'saturated')
  near(plan!.objective, 10)
})

const dir = Deno.env.get('SHOAL_EVAL') || undefined

async function published() {
  const read = async (name: string) => JSON.parse(await Deno.readTextFile(`${dir}/${name}.json`))
  return { profiles: await read('loki-profiles'), reference: await read('loki-reference') }
}

/** 18 workers of the published profiles, for so many queries a second of each pipeline. */
function problemFor(scenario: object) {
  const { workloads, classes } = checkScenario(scenario, 'eval')
  const model = createModel(workloads.map(({ pipeline }) => pipeline))
  const points = new Map(model.variants.map((variant) => {
    const { task, variant: name } = variant.ref
    return [variant, pointList(pointsOf(classes.homogeneous!, task, name)!)]
  }))
  const device = createClasses(model).classOf(model.variants, points)
  return (...ratesPerS: number[]): Problem => ({
    ...{ epoch: 1, model, classes: [{ class: device, count: 18 }], roundTripMs: 0 },
    ratePerS: new Map(model.pipelines.map((one, p) => [one, ratesPerS[p]!])),
    taskRatePerS: new Map(),
    factor: ({ fanOut }, child) => fanOut[child]!,
  })
}

Deno.test({
  name: 'plans reach the optima that are known for the published profiles',
  ignore: dir === undefined,
  async fn() {
    const data = await published()
    const problem = problemFor(evalScenario(data, { name: 'figure5' }))
    for (const known of data.reference.referenceAllocations.solutions.corrected) {
      const rate: number = known.demandQps
      const plan =
        (hardwareScaling(problem(rate), OPTIONS) ?? accuracyScaling(problem(rate), OPTIONS))!
      assert.equal(plan.mode, known.mode, `at ${rate}`)
      if (plan.mode === 'hardware') {
        assert.equal(plan.groups.reduce((sum, { count }) => sum + count, 0), known.workers)
      }
      assert.ok(plan.objective / rate * 100 > known.systemAccuracyPct - 0.02, `at ${rate}`)
    }
  },
})

Deno.test({
  name: 'and come near the fluid bound for two pipelines at once',
  ignore: dir === undefined,
  async fn() {
    const scenario = sharedScenario(await published(), { name: 'figure5', socialPerS: 1 })
    const problem = problemFor(scenario)
    const bound = boundOf(checkScenario(scenario, 'eval'))
    for (const rates of [[200, 10], [300, 30], [120, 15]] as const) {
      const plan = accuracyScaling(problem(...rates), { cap: 1, halving: 1 })!
      const below = bound(...rates).accuracy - plan.objective / (rates[0] + rates[1])
      assert.ok(below < 0.02, `${below} below it at ${rates}`)
    }
  },
})
if (dir === undefined) console.log('skipped: published optima, for want of SHOAL_EVAL')
