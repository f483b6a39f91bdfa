/** Fan-out: the file's number, until counts correct it. */
import assert from 'node:assert/strict'
import { createFanOut, type FanOut } from '../../../src/policy/estimate/fanout.ts'
import { createPolicy } from '../../../src/peers/policies.ts'
import { shapesOf, type VariantShape } from '../../../src/policy/core/graph.ts'
import { createRandom, poisson } from '../../../src/sim/random.ts'
import { initialRates, simulate } from '../../../src/sim/run.ts'
import { checkScenario } from '../../../src/sim/scenario.ts'
import type { Pipeline } from '../../../src/pipeline/schema.ts'
import { ocr } from '../fixtures.ts'

/** Three detectors; the file states for each how many items it hands on. */
const pipelineOf = (items: number) => ({
  schema: 'shoal-pipeline/1',
  name: 'page',
  sloMs: 1000,
  root: 'find',
  tasks: {
    find: {
      next: ['read'],
      variants: {
        small: { accuracy: 0.5, fanOut: { read: 0.8 * items } },
        middle: { accuracy: 0.9, fanOut: { read: items } },
        large: { accuracy: 1, fanOut: { read: items } },
      },
    },
    read: { next: [], variants: { only: { accuracy: 1 } } },
  },
} as unknown as Pipeline)

const shapes = shapesOf([pipelineOf(8)])
const find = (variant: string) => shapes.find({ pipeline: 'page', task: 'find', variant })!
const saw = (fanOut: FanOut, variant: string, count: number, times: number) => {
  for (let i = 0; i < times; i++) fanOut.saw(find(variant), 0, count)
}

Deno.test('variants that never ran are assumed to hand on as much less as those that did', () => {
  const fanOut = createFanOut()
  assert.equal(fanOut.mean(find('middle'), 0), 8)
  saw(fanOut, 'large', 2, 300)
  const [large, middle, small] = ['large', 'middle', 'small'].map((name) =>
    fanOut.mean(find(name), 0)
  )
  assert.ok(Math.abs(large! - 2) < 0.1, `${large}`)
  assert.ok(Math.abs(middle! - 2) < 0.1, `${middle}`)
  assert.ok(Math.abs(small! - 0.8 * middle!) < 1e-9, `${small}: by the share that the file says`)
  assert.ok(fanOut.upper(find('middle'), 0) < 5)
})

Deno.test('a correct file leaves variants that never ran close to its numbers', () => {
  const fanOut = createFanOut()
  const random = createRandom(4)
  for (let i = 0; i < 500; i++) fanOut.saw(find('large'), 0, poisson(random(), 8))
  assert.notEqual(fanOut.mean(find('large'), 0), 8)
  assert.ok(Math.abs(fanOut.mean(find('middle'), 0) - 8) < 0.5)
})

Deno.test("a variant's own counts take precedence over those of others", () => {
  const fanOut = createFanOut()
  saw(fanOut, 'large', 2, 300)
  saw(fanOut, 'middle', 6, 200)
  assert.ok(Math.abs(fanOut.mean(find('middle'), 0) - 6) < 0.3)
})

Deno.test('learned fan-out is restored after a restart, also for variants that never ran', () => {
  const [before, after] = [createFanOut(), createFanOut()]
  saw(before, 'large', 2, 300)
  after.recall(before.keep(shapes), shapes)
  for (const name of ['large', 'middle', 'small']) {
    const [was, is] = [before.mean(find(name), 0), after.mean(find(name), 0)]
    assert.ok(Math.abs(is - was) < 0.35 * was, `${name}: ${is}, before ${was}`)
  }
})

Deno.test('the share of items that hand nothing on is the measured one, whatever the mean', () => {
  const fanOut = createFanOut()
  const none = (variant: string) => fanOut.none(find(variant), 0)
  assert.ok(Math.abs(none('large') - Math.exp(-8)) < 1e-9, 'as Poisson has it')
  // `middle` hands on 2 each time; `large` 4, or none three times in four. Poisson: 0.14 and 0.37.
  for (let i = 0; i < 400; i++) {
    fanOut.saw(find('middle'), 0, 2)
    fanOut.saw(find('large'), 0, i % 4 === 0 ? 4 : 0)
  }
  assert.ok(none('middle') < 0.01, `${none('middle')}`)
  assert.ok(Math.abs(none('large') - 0.75) < 0.03, `${none('large')}`)
  const after = createFanOut()
  after.recall(fanOut.keep(shapes), shapes)
  assert.ok(Math.abs(after.none(find('large'), 0) - none('large')) < 0.01)
})

Deno.test('a file with four times the true fan-out costs no accuracy', () => {
  const latencyMs = { small: { 1: 30 }, middle: { 1: 100 }, large: { 1: 300 }, only: { 1: 40 } }
  const scenario = checkScenario({
    schema: 'shoal-scenario/1',
    pipeline: pipelineOf(2),
    classes: { node: { latencyMs, instancesPerNode: 'all', swapMs: 100, roundTripMs: 2 } },
    pool: [{ class: 'node', count: 4 }],
    trace: { binSeconds: 40, rates: [16] },
    seed: 1,
  }, 'test')
  const accuracyOf = (items: number) => {
    const policy = createPolicy('shoal', {
      pipelines: [pipelineOf(items)],
      initialRatePerS: initialRates(scenario),
      limits: { maxBatch: 8 },
      random: createRandom(1),
    })
    const { violationRatio, effectiveAccuracy } = simulate(scenario, policy).result
    assert.ok(violationRatio < 0.002, `${violationRatio}`)
    return effectiveAccuracy
  }
  const [right, wrong] = [accuracyOf(2), accuracyOf(8)]
  assert.ok(wrong > right - 0.02, `${wrong}, with a file that is right ${right}`)
})

Deno.test("doubt halves the fan-out each time, down to the file's number, and new counts correct it soon", () => {
  const [small, large] = shapesOf([ocr]).variants as [VariantShape, VariantShape]
  const fanOut = createFanOut()
  for (let i = 0; i < 100; i++) fanOut.saw(small, 0, 400)
  const many = fanOut.mean(small, 0)
  const others = fanOut.mean(large, 0)
  assert.ok(many > 300 && others > 40, `${many} and ${others}`)
  fanOut.doubt([small, large])
  assert.ok(Math.abs(fanOut.mean(small, 0) - many / 2) < 0.05 * many)
  for (let i = 0; i < 20; i++) fanOut.doubt([small, large])
  assert.ok(fanOut.mean(small, 0) <= 6, `${fanOut.mean(small, 0)}`)
  assert.ok(fanOut.mean(large, 0) < 10, `${fanOut.mean(large, 0)}`)
  for (let i = 0; i < 10; i++) fanOut.saw(small, 0, 40)
  assert.ok(fanOut.mean(small, 0) > 15, `${fanOut.mean(small, 0)}`)
})
