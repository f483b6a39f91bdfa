/** What slots hold where more is asked for than they carry. */
import assert from 'node:assert/strict'
import { place } from '../../../src/policy/place/place.ts'
import type { PlacePipeline, Problem } from '../../../src/policy/place/problem.ts'

const pipelineOf = (name: string, ratePerS: number, accuracies: Record<string, number>) =>
  ({
    ...{ name, weight: 1, sloMs: 500, ratePerS, root: name },
    tasks: {
      [name]: {
        next: [],
        variants: Object.fromEntries(
          Object.entries(accuracies).map(([variant, accuracy]) => [variant, { accuracy }]),
        ),
      },
    },
  }) satisfies PlacePipeline

const able = (task: string, variant: string, latencyMs: number) => ({
  ...{ pipeline: task, task, variant, memoryBytes: 1 },
  points: [{ batch: 1, latencyMs }],
})

/** Two slots, one for each pipeline: one carries half of its demand, the other just what is asked. */
const placed = (nearPerS: number) => {
  const problem: Problem = {
    pipelines: [
      pipelineOf('full', 200, { only: 1 }),
      pipelineOf('near', nearPerS, { quick: 0.8, exact: 1 }),
    ],
    classes: [{
      ...{ name: 'c', slots: 2, dutySum: 2, memoryBytes: 1, networkMs: 0 },
      able: [able('full', 'only', 10), able('near', 'quick', 5), able('near', 'exact', 10)],
    }],
  }
  const placement = place(problem)
  assert.equal(placement.mode, 'saturated')
  return placement
}

Deno.test('what it carries is told as it is, within its bound', () => {
  const { served, objective, bound } = placed(95)
  assert.deepEqual(served.map(({ share }) => Math.round(share * 1000) / 1000), [0.5, 1])
  assert.ok(bound >= objective, `${bound}`)
})
