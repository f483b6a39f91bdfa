import assert from 'node:assert/strict'
import type { Pipeline } from '../../../src/pipeline/schema.ts'
import { pathsOf } from '../../../src/policy/frontier/mix.ts'
import { groupPrices } from '../../../src/policy/frontier/prices.ts'
import { solveFrontier } from '../../../src/policy/frontier/solve.ts'
import type { Item } from '../../../src/policy/state/query.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import type { Group } from '../../../src/policy/state/slots.ts'
import { createTargets } from '../../../src/policy/frontier/targets.ts'
import { ocr } from '../fixtures.ts'
import { problemOf } from './problem_of.ts'

const ocrShapes = shapesOf([ocr])

Deno.test('frontier takes the best path while it carries the demand, with the least work', () => {
  const mix = solveFrontier(ocrShapes, problemOf(ocrShapes, [{ slots: 4, slowness: 1 }], [5]))!
  assert.ok(Math.abs(mix.pipelines[0]!.accuracy - 0.81) < 1e-9)
  assert.equal(mix.pipelines[0]!.served, 1)
  // 5 queries a second of 160 + 4 x 40 ms on four slots.
  assert.ok(Math.abs(mix.load - 0.4) < 1e-9, `${mix.load}`)
})

Deno.test('frontier plans nothing on a group that takes longer for it than a query has', () => {
  const groups = [{ slots: 1, slowness: 1 }, { slots: 50, slowness: 1000 }]
  const mix = solveFrontier(ocrShapes, problemOf(ocrShapes, groups, [20]))!
  assert.equal(mix.work.reduce((sum, row) => sum + row[1]!, 0), 0)
  const alone = solveFrontier(ocrShapes, problemOf(ocrShapes, groups.slice(0, 1), [20]))!
  assert.ok(Math.abs(mix.pipelines[0]!.served - alone.pipelines[0]!.served) < 1e-9)
})

/** Two groups that are as quick, the first of them so much further away. */
function withFar(awayMs: number, sloMs: number, ratePerS: number) {
  const shapes = shapesOf([{ ...ocr, sloMs }])
  const groups = [{ slots: 4, slowness: 1 }, { slots: 4, slowness: 1 }]
  const problem = problemOf(shapes, groups, [ratePerS])
  for (const [far] of problem.services) {
    far!.aloneMs += awayMs
    far!.awayMs = awayMs
  }
  const mix = solveFrontier(shapes, problem)!
  return (variant: string, group: number) =>
    mix.work[shapes.variants.find(({ ref }) => ref.variant === variant)!.index]![group]!
}

Deno.test('frontier leaves half of the time to queues: who takes more of it is planned for nothing', () => {
  // The large one takes 162 ms alone where it is near, what follows 7 at least: 593 of 600 are left.
  assert.ok(withFar(214, 600, 30)('large', 0) > 0.1)
  assert.equal(withFar(217, 600, 30)('large', 0), 0)
})

Deno.test('frontier has what one of two groups can do done by the nearer', () => {
  const work = withFar(60, 2000, 10)
  assert.ok(work('large', 1) > 0.1)
  assert.equal(work('large', 0), 0)
})

Deno.test('frontier mixes two neighbouring paths of the hull when the best carries too little', () => {
  const mix = solveFrontier(ocrShapes, problemOf(ocrShapes, [{ slots: 4, slowness: 1 }], [16]))!
  const { accuracy, served } = mix.pipelines[0]!
  assert.equal(Math.round(served * 1e9), 1e9)
  assert.ok(accuracy < 0.81 && accuracy > 0.63, `${accuracy}`)
  const paths = pathsOf(ocrShapes, mix)
  assert.ok(paths.length <= 2, JSON.stringify(paths))
  assert.ok(Math.abs(paths.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-6)
})

Deno.test('frontier serves as many as it can when nothing carries all', () => {
  const mix = solveFrontier(ocrShapes, problemOf(ocrShapes, [{ slots: 1, slowness: 1 }], [100]))!
  // The quickest path takes 40 + 4 x 5 ms.
  assert.ok(Math.abs(mix.pipelines[0]!.served - 1 / 6) < 1e-6, `${mix.pipelines[0]!.served}`)
})

/** One task, one variant. */
const single = (name: string, referenceMs: number): Pipeline => ({
  ...{ schema: 'shoal-pipeline/1', name, sloMs: 1000, weight: 1, root: 'run' },
  tasks: { run: { next: [], variants: { only: { accuracy: 0.9, referenceMs } } } },
})

Deno.test('frontier serves pipelines alike when nothing carries all, whatever nobody can serve', () => {
  const shapes = shapesOf([single('dear', 40), single('cheap', 10), single('absent', 10)])
  for (const groups of [[4], [2, 2]]) {
    const capacity = groups.map((slots) => ({ slots, slowness: 1 }))
    const problem = problemOf(shapes, capacity, [100, 400, 0.01])
    problem.services[2] = []
    const { pipelines } = solveFrontier(shapes, problem)!
    const served = pipelines.map((mix) => Math.round(100 * mix.served) / 100)
    assert.deepEqual(served, [0.5, 0.5, 0])
    problem.services.fill([])
    assert.equal(solveFrontier(shapes, problem)!.load, 0)
  }
})

Deno.test('frontier gives each group what it is good at', () => {
  const good = ocrShapes.variants.map(({ task }) => task.name === 'detect' ? 0.2 : 5)
  const problem = problemOf(
    ocrShapes,
    [{ slots: 2, slowness: good }, { slots: 8, slowness: 1 }],
    [30],
  )
  const mix = solveFrontier(ocrShapes, problem)!
  const work = (task: string, group: number) =>
    ocrShapes.variants.filter((variant) => variant.task.name === task)
      .reduce((sum, { index }) => sum + mix.work[index]![group]!, 0)
  assert.ok(work('detect', 0) > 0.3 && work('read', 0) < 1e-6)
  // 120 items a second of 40 ms on eight slots.
  assert.ok(Math.abs(work('read', 1) - 0.6) < 1e-6)
})

Deno.test('frontier leaves out paths that cannot end in time', () => {
  const quick: Pipeline = { ...ocr, sloMs: 150 }
  const shapes = shapesOf([quick])
  const mix = solveFrontier(shapes, problemOf(shapes, [{ slots: 9, slowness: 1 }], [1]))!
  assert.ok(pathsOf(shapes, mix).every(({ path }) => path[0] === 'small'))
})

Deno.test('frontier shares a full pool between pipelines by their weight', () => {
  const two = [{ ...ocr, name: 'a', weight: 2 }, { ...ocr, name: 'b', weight: 1 }]
  const shapes = shapesOf(two)
  const mix = solveFrontier(shapes, problemOf(shapes, [{ slots: 2, slowness: 1 }], [50, 50]))!
  const [a, b] = mix.pipelines
  assert.ok(Math.abs(a!.served - 2 * b!.served) < 1e-6, `${a!.served} ${b!.served}`)
  assert.ok(Math.abs(50 * 0.06 * (a!.served + b!.served) - 2) < 1e-6)
})

Deno.test('group prices: what carries most is worth most, and a query costs one over the capacity', () => {
  const good = ocrShapes.variants.map(({ task }) => task.name === 'detect' ? 0.2 : 5)
  const groups = [{ slots: 2, slowness: good }, { slots: 8, slowness: 1 }]
  const problem = problemOf(ocrShapes, groups, [1])
  const prices = groupPrices(ocrShapes, problem)
  const worth = prices.reduce((sum, price, g) => sum + price * groups[g]!.slots, 0)
  assert.ok(Math.abs(worth - 1) < 1e-6, `${worth}`)
  // The cheapest way of a query, by these prices, is the time that the full pool takes for one.
  const cheapest = (task: string, items: number) =>
    Math.min(
      ...ocrShapes.variants.filter((variant) => variant.task.name === task).flatMap(({ index }) =>
        problem.services[index]!.map(({ group, costMs }) => prices[group]! * costMs * items)
      ),
    )
  const poolMs = cheapest('detect', 1) + cheapest('read', 4)
  const full = solveFrontier(ocrShapes, { ...problem, ratesPerS: [1000] })!
  const mostPerS = 1000 * full.pipelines[0]!.served
  assert.ok(Math.abs(poolMs - 1000 / mostPerS) < 0.1 * poolMs, `${poolMs} ms, ${mostPerS} a second`)
})

Deno.test('targets give out items in the shares of the mix, however long each variant takes', () => {
  const mix = solveFrontier(ocrShapes, problemOf(ocrShapes, [{ slots: 4, slowness: 1 }], [16]))!
  const targets = createTargets()
  targets.adopt(mix)
  const shape = [...ocrShapes.pipelines.values()][0]!
  const item = { task: shape.root, way: shape.start, query: { shape } } as unknown as Item
  const group = { key: 'g0' } as Group
  const counts = new Map<string, number>()
  for (let i = 0; i < 2000; i++) {
    const variant = targets.target(item, group)!
    targets.charge(shape.root, group, variant, 1)
    counts.set(variant.ref.variant, (counts.get(variant.ref.variant) ?? 0) + 1)
  }
  const { flow } = mix.pipelines[0]!
  for (const { id, variant } of shape.starts) {
    const share = (counts.get(variant.ref.variant) ?? 0) / 2000
    assert.ok(Math.abs(share - flow[id]!) < 0.01, `${share}, ${flow[id]} of ${variant.ref.variant}`)
  }
})
