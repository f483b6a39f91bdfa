/** What slots hold where more is asked for than they carry. */
import assert from 'node:assert/strict'
import { place as params } from '../../../src/policy/place/params.ts'
import { place } from '../../../src/policy/place/place.ts'
import type { PlacePipeline, Problem } from '../../../src/policy/place/problem.ts'

function withCap<T>(saturatedCap: number, made: () => T): T {
  const before = params.saturatedCap
  params.saturatedCap = saturatedCap
  try {
    return made()
  } finally {
    params.saturatedCap = before
  }
}

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
const placed = (nearPerS: number, saturatedCap: number) => {
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
  const placement = withCap(saturatedCap, () => place(problem))
  assert.equal(placement.mode, 'saturated')
  const held = placement.classes[0]!.sets.map(({ variants }) => variants[0]!.variant)
  return { ...placement, held: held.filter((variant) => variant !== 'only') }
}

Deno.test('when saturated no station that just carries its demand is left without time to spare', () => {
  assert.deepEqual(placed(95, 1).held, ['exact'])
  assert.deepEqual(placed(95, 0.75).held, ['quick'])
  assert.deepEqual(placed(70, 0.75).held, ['exact'])
})

Deno.test('what it carries is told as it is, and the bound is none of what it was chosen by', () => {
  for (const cap of [1, 0.75, 0.5]) {
    const { served, objective, bound } = placed(95, cap)
    const shares = served.map(({ share }) => Math.round(share * 1000) / 1000)
    assert.deepEqual(shares, [0.5, 1], `${cap}`)
    assert.ok(bound >= placed(95, 1).objective - 1e-6 && bound >= objective, `${bound}`)
  }
})

Deno.test('what it carries is told as it is where there are more ways than a search goes through', () => {
  const latencyMs = { find: [8, 16, 26, 40], crop: [14, 30, 44, 60], read: [20, 44, 60, 90] }
  const each = Object.entries(latencyMs)
  const tasks = Object.fromEntries(each.map(([task, { length }], i) => {
    const next = each.slice(i + 1, i + 2).map(([name]) => name)
    const fanOut = Object.fromEntries(next.map((name) => [name, 2]))
    const variants = Array.from({ length }, (_, v) => [`v${v}`, { accuracy: 0.7 + v / 10, fanOut }])
    return [task, { next, variants: Object.fromEntries(variants) }]
  }))
  const classOf = (name: string, slowness: number) => ({
    ...{ name, slots: 6, dutySum: 6, memoryBytes: 1, networkMs: 5 },
    able: each.flatMap(([task, list]) =>
      list.map((ms, v) => ({
        ...{ pipeline: 'p', task, variant: `v${v}`, memoryBytes: 1 },
        points: [1, 2, 4, 8, 16].map((batch) => ({
          batch,
          latencyMs: slowness * ms * (0.4 + 0.6 * batch),
        })),
      }))
    ),
  })
  const problem: Problem = {
    pipelines: [{ name: 'p', weight: 1, sloMs: 1500, ratePerS: 500, root: 'find', tasks }],
    classes: [classOf('near', 1), classOf('far', 1.5)],
  }
  const { served: [all], mode } = withCap(1, () => place(problem))
  assert.equal(mode, 'saturated')
  // Chosen by three quarters of what slots can do, it can do no less than that.
  const { served: [some] } = withCap(0.75, () => place(problem))
  assert.ok(some!.share >= 0.75 * all!.share, `${some!.share} of ${all!.share}`)
})
