/** Placements for pipelines whose deadline hardly any node can keep. */
import assert from 'node:assert/strict'
import { place } from '../../../src/policy/place/place.ts'
import type { PlacePipeline, Problem } from '../../../src/policy/place/problem.ts'

/** Two tasks; `items` items of the second per query. */
const pipelineOf = (name: string, sloMs: number, items: number): PlacePipeline => ({
  ...{ name, weight: 1, sloMs, ratePerS: 1, root: 'find' },
  tasks: {
    find: {
      next: ['read'],
      variants: {
        quick: { accuracy: 0.8, fanOut: { read: items } },
        exact: { accuracy: 1, fanOut: { read: items } },
      },
    },
    read: { next: [], variants: { quick: { accuracy: 0.8 }, exact: { accuracy: 1 } } },
  },
})

/** Two slots for one variant each; an item takes 40 ms on every variant, or 60 ms on the exact one. */
function placed(...pipelines: PlacePipeline[]) {
  const able = pipelines.flatMap(({ name, tasks }) =>
    Object.keys(tasks).flatMap((task) =>
      Object.entries({ quick: 40, exact: 60 }).map(([variant, latencyMs]) => ({
        ...{ pipeline: name, task, variant, memoryBytes: 1 },
        points: [1, 2].map((batch) => ({ batch, latencyMs: batch * latencyMs })),
      }))
    )
  )
  const slots = 2 * pipelines.length
  const problem: Problem = {
    pipelines,
    classes: [{
      ...{ name: 'c', slots, dutySum: slots, memoryBytes: 1, networkMs: 10, able },
    }],
  }
  const placement = place(problem)
  const held = placement.classes.flatMap(({ sets }) =>
    sets.flatMap(({ variants, slots }) =>
      variants.map(({ pipeline, task, variant }) => `${slots} ${pipeline} ${task} ${variant}`)
    )
  )
  return { ...placement, held: held.sort() }
}

Deno.test('place() reserves half of the SLO for waiting if some path is that quick', () => {
  const { held, reason } = placed(pipelineOf('p', 200, 1))
  assert.deepEqual(held, ['1 p find quick', '1 p read quick'])
  assert.doesNotMatch(reason, /too slow/)
})

Deno.test('place() holds variants for a pipeline that is in time only without waiting', () => {
  const { held, reason, served } = placed(pipelineOf('p', 125, 1))
  assert.deepEqual(held, ['1 p find quick', '1 p read quick'])
  assert.equal(served[0]!.share, 1)
  assert.match(reason, /no path leaves time for waiting: p$/)
})

Deno.test('place() takes no waiting time from another pipeline for it', () => {
  const { held } = placed(pipelineOf('p', 125, 1), pipelineOf('q', 200, 1))
  // Two exact variants would take 140 of the 200 ms.
  assert.deepEqual(held, ['p find', 'p read', 'q find', 'q read'].map((task) => `1 ${task} quick`))
})

Deno.test('place() holds variants for a pipeline that is in time only for queries with few items', () => {
  const { held } = placed(pipelineOf('p', 150, 9))
  assert.deepEqual(held, ['1 p find quick', '1 p read quick'])
})

Deno.test('place() holds the quickest variants and claims no throughput if no query can be in time', () => {
  const { held, served, objective, mode, reason } = placed(pipelineOf('p', 60, 1))
  assert.deepEqual(held, ['1 p find quick', '1 p read quick'])
  assert.deepEqual(served, [{ pipeline: 'p', share: 0, accuracy: 0 }])
  assert.deepEqual([objective, mode], [0, 'saturated'])
  assert.match(reason, /within its deadline; the quickest variants are held/)
})
