/** Pipelines with more paths than the frontier solves for. */
import assert from 'node:assert/strict'
import { checkPipeline } from '../../../src/pipeline/parse.ts'
import { chosenVariants } from '../../../src/policy/frontier/chosen.ts'
import { solveFrontier } from '../../../src/policy/frontier/solve.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { problemOf } from './problem_of.ts'

const VARIANTS = 12

/** Three tasks, each with a dozen variants of 5 to 100 ms, of which each gains less than the last. */
function shapes(order: 'quick first' | 'best first') {
  const variants = (next: string[]) => {
    const list = Array.from({ length: VARIANTS }, (_, v) => [`v${v}`, {
      accuracy: 0.6 + 0.4 * Math.sqrt(v / (VARIANTS - 1)),
      referenceMs: 5 + 95 * v / (VARIANTS - 1),
      fanOut: Object.fromEntries(next.map((name) => [name, 1])),
    }])
    return Object.fromEntries(order === 'best first' ? list.reverse() : list)
  }
  const task = (...next: string[]) => ({ next, variants: variants(next) })
  return shapesOf([checkPipeline({
    ...{ schema: 'shoal-pipeline/1', name: 'long', sloMs: 1000, root: 'a' },
    tasks: { a: task('b'), b: task('c'), c: task() },
  }, 'long')])
}

/** Served, and how accurately. */
function mixOf(order: 'quick first' | 'best first', slots: number[], ratePerS: number) {
  const of = shapes(order)
  const groups = slots.map((count, i) => ({ slots: count, slowness: 1 + i }))
  const [mix] = solveFrontier(of, problemOf(of, groups, [ratePerS]))!.pipelines
  return mix!
}

Deno.test('frontier goes the quickest ways of a pipeline with many, whichever its file names first', () => {
  for (const slots of [[4], [2, 4]]) {
    // The quickest take 15 ms: 266 queries a second of four slots.
    for (const ratePerS of [30, 100, 250]) {
      const [quick, best] = [
        mixOf('quick first', slots, ratePerS),
        mixOf('best first', slots, ratePerS),
      ]
      assert.ok(quick.served > 0.999 && best.served > 0.999, `${quick.served} ${best.served}`)
      assert.ok(
        Math.abs(quick.accuracy - best.accuracy) < 1e-3,
        `${quick.accuracy} ${best.accuracy}`,
      )
    }
  }
})

Deno.test('frontier with fewer variants is about as accurate as with all', () => {
  const [few, all] = [mixOf('quick first', [2, 2], 30), mixOf('quick first', [6], 30 * 2)]
  // Two slots, and two of half their speed, are three: one group is solved for in full.
  assert.ok(few.accuracy > all.accuracy - 0.005, `${few.accuracy} of ${all.accuracy}`)
})

Deno.test('of each task the quickest and the best are left, and what lies between them', () => {
  const of = shapes('best first')
  const [shape] = of.pipelines.values()
  const left = chosenVariants(shape!, problemOf(of, [{ slots: 1, slowness: 1 }], [1]), 100)
  const names = [...left].filter(({ task }) => task.name === 'b').map(({ ref }) => ref.variant)
  assert.equal(names.length, 4)
  assert.ok(names.includes('v0') && names.includes('v11'), names.join())
  const all = chosenVariants(shape!, problemOf(of, [{ slots: 1, slowness: 1 }], [1]), 10_000)
  assert.equal(all.size, 3 * VARIANTS)
})
