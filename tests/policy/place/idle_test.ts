/** Pipelines without demand beside a busy one. */
import assert from 'node:assert/strict'
import { place } from '../../../src/policy/place/place.ts'
import type { PlacePipeline } from '../../../src/policy/place/problem.ts'

const pipelineOf = (name: string, ratePerS: number): PlacePipeline => ({
  ...{ name, weight: 1, sloMs: 500, ratePerS, root: 'find' },
  tasks: {
    find: { next: [], variants: { quick: { accuracy: 0.6 }, exact: { accuracy: 1 } } },
  },
})

/** Slots for one variant each: 70 queries per second exactly, or 200 quickly. */
function placed(slots: number, ...pipelines: PlacePipeline[]) {
  const able = pipelines.flatMap(({ name: pipeline }) =>
    Object.entries({ quick: 5, exact: 1000 / 70 }).map(([variant, latencyMs]) => ({
      ...{ pipeline, task: 'find', variant, memoryBytes: 1 },
      points: [{ batch: 1, latencyMs }],
    }))
  )
  return place({
    pipelines,
    classes: [{
      ...{ name: 'c', slots, dutySum: slots, memoryBytes: 1, networkMs: 0, able },
    }],
  })
}

Deno.test('a slot for the first query of an idle pipeline costs a busy one only that slot', () => {
  const { mode, served, classes } = placed(3, pipelineOf('busy', 200), pipelineOf('idle', 0))
  assert.equal(mode, 'accuracy')
  assert.deepEqual(served.map(({ share }) => share), [1, 1])
  // One of two slots does 70 of the 200 exactly.
  assert.ok(Math.abs(served[0]!.accuracy - (0.35 + 0.65 * 0.6)) < 1e-6, `${served[0]!.accuracy}`)
  const held = classes[0]!.sets.flatMap(({ variants, slots }) =>
    variants.map(({ pipeline, variant }) => `${slots} ${pipeline} ${variant}`)
  )
  assert.deepEqual(held, ['1 busy quick', '1 busy exact', '1 idle exact'])
})
