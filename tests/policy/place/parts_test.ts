/** Pipelines with more tasks than a slot has room for. */
import assert from 'node:assert/strict'
import { place } from '../../../src/policy/place/place.ts'
import type { Problem } from '../../../src/policy/place/problem.ts'

const TASKS = ['find', 'cut', 'read', 'name']
const PIPELINES = ['a', 'b', 'c']

/** Two kinds of nodes, the second at half the speed, with room for two of the twelve variants. */
const problem: Problem = {
  pipelines: PIPELINES.map((name) => ({
    ...{ name, weight: 1, sloMs: 1000, ratePerS: 0.5, peakPerS: 5, root: TASKS[0]! },
    tasks: Object.fromEntries(TASKS.map((task, t) => {
      const next = TASKS.slice(t + 1, t + 2)
      return [task, { next, variants: { only: { accuracy: 1 } } }]
    })),
  })),
  classes: [40, 80].map((latencyMs) => ({
    ...{ name: `${latencyMs} ms`, slots: 4, dutySum: 4 },
    ...{ memoryBytes: 2, networkMs: 2 },
    able: PIPELINES.flatMap((pipeline) =>
      TASKS.map((task) => ({
        ...{ pipeline, task, variant: 'only', memoryBytes: 1 },
        points: [{ batch: 1, latencyMs }],
      }))
    ),
  })),
}

Deno.test('place() serves pipelines that fit no single slot if slots together have room', () => {
  const { mode, served, classes } = place(problem)
  for (const { pipeline, share } of served) assert.ok(share > 0.999, `${pipeline}: ${share}`)
  assert.notEqual(mode, 'saturated')
  const held = classes.flatMap(({ sets }) => sets.flatMap(({ variants }) => variants))
  assert.equal(new Set(held.map(({ pipeline, task }) => `${pipeline} ${task}`)).size, 12)
})
