/** A pool that was slow for a moment serves as before once it is not. */
import assert from 'node:assert/strict'
import { runPolicy } from '../../src/sim/run_policy.ts'
import { checkScenario } from '../../src/sim/scenario.ts'

const NODES = Array.from({ length: 16 }, (_, i) => `gpu-${i}`)
const SLOW = { fromS: 4, untilS: 4.8, slowness: 2.5 }

/** Nodes of two variants, all of them slow for a moment. */
const sceneOf = (instancesPerNode: 1 | 'all', ratePerS: number, seed = 1) =>
  checkScenario({
    schema: 'shoal-scenario/1',
    pipeline: {
      schema: 'shoal-pipeline/1',
      name: 'one',
      sloMs: 250,
      root: 'see',
      tasks: { see: { variants: { best: { accuracy: 1 }, quick: { accuracy: 0.6 } } } },
    },
    trace: { binSeconds: 1, rates: Array<number>(10).fill(ratePerS) },
    classes: {
      gpu: {
        latencyMs: { best: { 1: 60, 4: 240 }, quick: { 1: 20, 4: 80 } },
        ...{ instancesPerNode, swapMs: 1000, roundTripMs: 2 },
      },
    },
    pool: [{ class: 'gpu', count: NODES.length }],
    noise: { latencyCv: 0.05 },
    drift: NODES.flatMap((node) => [
      { atS: SLOW.fromS, node, slowness: SLOW.slowness },
      { atS: SLOW.untilS, node, slowness: 1 },
    ]),
    seed,
  }, 'recovery')

function lostOf(scenario: ReturnType<typeof sceneOf>) {
  const { timeline } = runPolicy(scenario, { policy: 'shoal' }).result
  return (fromS: number, untilS: number) =>
    timeline.filter(({ t }) => t >= fromS && t < untilS)
      .reduce((sum, { demand, violationRatio }) => sum + demand * violationRatio, 0)
}

Deno.test('what waited too long for the better variant keeps none of its slots from the rest', () => {
  // Three quarters of what nodes carry that hold one of them each.
  const lostIn = lostOf(sceneOf(1, 340))
  assert.ok(lostIn(4, 5) > 50, 'a pool at two fifths of its speed loses some')
  // 360: those with little time left stood before all others, and the slots that had no use for them
  // went without work for good.
  assert.equal(lostIn(5, 10), 0)
})

Deno.test('that all are slow is known before each found out for itself', () => {
  let lost = 0
  for (const seed of [1, 2, 3]) {
    // The better variant carries it, and the other one still while all are slow.
    const lostIn = lostOf(sceneOf('all', 240, seed))
    lost += lostIn(4, 5)
    assert.ok(lostIn(5.5, 10) <= 2, `${lostIn(5.5, 10)} once it is over`)
  }
  // 613 of 720 where each learned it by its own batches.
  assert.ok(lost < 450, `${lost} lost`)
})
