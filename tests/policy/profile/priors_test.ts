/** Variants that never ran are estimated from those that did: wrong profiles cost little. */
import assert from 'node:assert/strict'
import { Profile } from '../../../src/policy/estimate/profile.ts'
import { shapesOf, type VariantShape } from '../../../src/policy/core/graph.ts'
import { createRandom, lognormal } from '../../../src/sim/random.ts'
import { runPolicy } from '../../../src/sim/run_policy.ts'
import type { Pipeline } from '../../../src/pipeline/schema.ts'
import { NO_DATA } from '../../../src/sim/eval_data.ts'
import { checkScenario } from '../../../src/sim/scenario.ts'
import { unseen } from '../../../src/sim/suites/unseen.ts'
import { testOfAll } from '../../exhaustive.ts'

const NAMES = ['a', 'b', 'c', 'd']
const SAID_MS = [20, 40, 60, 80]
const pipeline = {
  schema: 'shoal-pipeline/1',
  name: 'one',
  sloMs: 500,
  root: 'see',
  tasks: {
    see: {
      next: [],
      variants: Object.fromEntries(NAMES.map((name, i) => [name, { accuracy: 0.6 + i / 10 }])),
    },
  },
} as unknown as Pipeline
const shapes = shapesOf([pipeline])
const [a, b, c, d] = NAMES.map((variant) =>
  shapes.find({ pipeline: 'one', task: 'see', variant })!
) as [VariantShape, VariantShape, VariantShape, VariantShape]
const VARIANTS = [a, b, c, d]

function profileOf(...nodes: string[]): Profile {
  const profile = new Profile()
  for (const node of nodes) {
    VARIANTS.forEach((variant, i) => {
      const points = [1, 4].map((batch) => ({ batch, latencyMs: SAID_MS[i]! * (1 + batch) / 2 }))
      profile.measured(node, variant, points)
    })
  }
  return profile
}

/** Batches of one item, each `times` as long as the profile says. */
function run(profile: Profile, node: string, variant: VariantShape, times: number, batches = 40) {
  const random = createRandom(3)
  const saidMs = SAID_MS[VARIANTS.indexOf(variant)]!
  for (let i = 0; i < batches; i++) {
    profile.ran(node, variant, 1, saidMs * times * lognormal(random, 0.05))
  }
}

/** Estimated time relative to the profile. */
const times = (profile: Profile, node: string, variant: VariantShape) =>
  profile.meanMs(node, variant, 1) / SAID_MS[VARIANTS.indexOf(variant)]!

Deno.test('a node quicker than reported with the variants it ran is expected to be so with the others', () => {
  const profile = profileOf('n', 'other')
  run(profile, 'n', a, 0.5)
  run(profile, 'n', b, 0.5)
  const thought = times(profile, 'n', d)
  assert.ok(thought > 0.5 && thought < 0.65, `thought to take ${thought} times what it said`)
  assert.equal(times(profile, 'other', d), 1, 'a node that ran nothing is as it said')
})

Deno.test('a node slower than reported is expected to be so with the others, at any batch size', () => {
  const profile = profileOf('n')
  run(profile, 'n', a, 2)
  run(profile, 'n', b, 2)
  const before = SAID_MS[3]! * 2.5
  const thought = profile.meanMs('n', d, 4) / before
  assert.ok(thought > 1.6 && thought < 2, `thought to take ${thought} times what it said`)
})

Deno.test('correct profiles leave variants that never ran at their reported latency, to the last digit', () => {
  const profile = profileOf('n')
  for (const variant of [a, b]) run(profile, 'n', variant, 1)
  assert.equal(profile.meanMs('n', c, 1), SAID_MS[2])
  assert.equal(profile.meanMs('n', d, 1), SAID_MS[3])
})

Deno.test('if each variant is off by another factor, one that never ran is hoped to be quick', () => {
  const profile = profileOf('n')
  run(profile, 'n', a, 0.75)
  run(profile, 'n', b, 1.3)
  const hoped = times(profile, 'n', d)
  assert.ok(hoped > 0.7 && hoped < 0.9, `hoped to take ${hoped} times what was said`)
  run(profile, 'n', d, 1.3)
  const seen = times(profile, 'n', d)
  assert.ok(seen > 1.2, `took 1.3 times what was said, thought to take ${seen}`)
})

Deno.test('a batch that was given up does not change variants that never ran', () => {
  const profile = profileOf('n')
  for (const variant of [a, b]) run(profile, 'n', variant, 1)
  for (let i = 0; i < 5; i++) profile.lost('n', a, 1, 10 * SAID_MS[0]!)
  run(profile, 'n', b, 1, 1)
  assert.ok(times(profile, 'n', a) > 1.5, 'it is slow for now')
  assert.equal(times(profile, 'n', d), 1)
})

Deno.test('a new measurement of a node replaces the estimate', () => {
  const profile = profileOf('n')
  for (const variant of [a, b]) run(profile, 'n', variant, 2)
  assert.ok(times(profile, 'n', d) > 1.6)
  profile.measured('n', d, [{ batch: 1, latencyMs: 90 }])
  assert.equal(profile.meanMs('n', d, 1), 90)
})

testOfAll(
  'a pool whose profiles say half more than batches take is as accurate as one that is right',
  () => {
    const { scenario } = unseen.cases(NO_DATA)[0]!
    const [right, wrong] = [1, 1.5].map((bias) => {
      const checked = checkScenario({ ...scenario, told: { bias } }, 'scenario.json')
      return runPolicy(checked, { policy: 'shoal' }).result
    })
    assert.ok(wrong!.violationRatio < 0.002, `${wrong!.violationRatio} violations`)
    // 1.2 points when each variant was taken at its profile until it ran.
    const points = 100 * (right!.effectiveAccuracy - wrong!.effectiveAccuracy)
    assert.ok(points < 0.5, `${points} points less`)
  },
)
