/** A program that was made once serves for other demands, and says what a fresh one would. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { checkPipeline } from '../../../src/pipeline/parse.ts'
import type { FrontierProblem } from '../../../src/policy/frontier/problem.ts'
import { createFrontier, frontierOf } from '../../../src/policy/frontier/solve.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { ocr } from '../fixtures.ts'

/** Two tasks, one after the other, with variants whose latencies rise with their accuracy or not. */
const chains = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 24, maxLength: 24 }).map(
  (numbers) => {
    const variants = (from: number, fanOut?: string) =>
      Object.fromEntries(
        Array.from({ length: 4 }, (_, v) => [`v${v}`, {
          accuracy: 0.3 + numbers[from + v]! / 1500,
          referenceMs: 1 + numbers[from + 4 + v]! / 10,
          ...fanOut === undefined ? {} : { fanOut: { [fanOut]: numbers[from + 8 + v]! / 300 } },
        }]),
      )
    const tasks = {
      find: { next: ['name'], variants: variants(0, 'name') },
      name: { variants: variants(12) },
    }
    return checkPipeline(
      { schema: 'shoal-pipeline/1', name: 'chain', sloMs: 2000, root: 'find', tasks },
      'chain.json',
    )
  },
)

const steps = fc.array(
  fc.record({
    ratePerS: fc.oneof(
      fc.double({ min: 2, max: 400, noNaN: true }),
      fc.double({ min: 40, max: 60, noNaN: true }),
    ),
    duty: fc.integer({ min: 1, max: 12 }),
    aim: fc.double({ min: 0.4, max: 1.2, noNaN: true }),
  }),
  { minLength: 2, maxLength: 8 },
)

Deno.test('a program serves for other demands, fewer slots and other aims as a fresh one does', () => {
  let again = 0
  fc.assert(fc.property(chains, steps, (pipeline, steps) => {
    const shapes = shapesOf([pipeline])
    const capacity = {
      services: shapes.variants.map(({ referenceMs }) => [
        { group: 0, costMs: referenceMs!, aloneMs: referenceMs! + 2 },
      ]),
      fanOut: shapes.variants.map(({ fanOut }) => fanOut),
    }
    const frontier = createFrontier(shapes)
    for (const { ratePerS, duty, aim } of steps) {
      const problem: FrontierProblem = {
        ...capacity,
        groups: [{ key: 'g', class: 'g', slots: 12, duty }],
        ratesPerS: [ratePerS],
        aim,
      }
      const [mix, fresh] = [frontier(problem)(aim)!, frontierOf(shapes, problem)(aim)!]
      const [own, other] = [mix.pipelines[0]!, fresh.pipelines[0]!]
      const isNear = (a: number, b: number, what: string) =>
        assert.ok(Math.abs(a - b) <= 1e-6 + 1e-6 * Math.abs(b), `${what}: ${a}, not ${b}`)
      isNear(own.served, other.served, 'served')
      // Little work breaks ties: that differs by no more than it counts for.
      assert.ok(
        Math.abs(own.accuracy - other.accuracy) < 2e-3,
        `${own.accuracy}, ${other.accuracy}`,
      )
      const work = mix.work.reduce((sum, [share]) => sum + share!, 0)
      isNear(mix.load, work / aim, 'load')
      assert.ok(work <= aim + 1e-6, `${work} of ${aim}`)
      mix.items.forEach(([items], v) => {
        isNear(items!, mix.work[v]![0]! * duty / capacity.services[v]![0]!.costMs, 'items')
      })
      // What flows is done: first items as often as queries come and are served.
      const first = shapes.variants.filter(({ task }) => task.depth === 0)
      const done = first.reduce((sum, { index }) => sum + mix.items[index]![0]!, 0)
      isNear(done * 1000, own.served * ratePerS, 'first items')
      if (Math.abs(own.accuracy - other.accuracy) < 1e-9) again++
    }
  }))
  assert.ok(again > 300, `${again} alike`)
})

Deno.test('a program that was made once does not serve for a pool that does other things', () => {
  const shapes = shapesOf(['a', 'b'].map((name) => checkPipeline({ ...ocr, name }, name)))
  const problemOf = (times: number, fanOut: number, ratesPerS: number[], duty = 1) => ({
    groups: [{ key: 'g', class: 'g', slots: 4, duty }],
    services: shapes.variants.map(({ referenceMs }) => [
      { group: 0, costMs: referenceMs! * times, aloneMs: referenceMs! * times + 2 },
    ]),
    fanOut: shapes.variants.map(({ task }) => task.next.map(() => fanOut)),
    ratesPerS,
    aim: 1,
  })
  const first = problemOf(1, 4, [5, 0])
  const others = {
    slower: { ...first, services: problemOf(2, 4, [5, 0]).services },
    fewer: { ...first, fanOut: problemOf(1, 1, [5, 0]).fanOut },
    otherwise: { ...first, ratesPerS: [0, 5] },
    both: { ...first, ratesPerS: [5, 5] },
    none: { ...first, groups: problemOf(1, 4, [5, 0], 0).groups },
  }
  for (const [what, other] of Object.entries(others)) {
    const frontier = createFrontier(shapes)
    frontier(first)(1)
    assert.deepEqual(frontier(other)(1), frontierOf(shapes, other)(1), what)
  }
})
