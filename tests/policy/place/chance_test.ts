/** What chance asks of slots beyond the mean of what comes. */
import assert from 'node:assert/strict'
import { place } from '../../../src/policy/place/place.ts'
import { depthOf, queuePerS, spreadAfter } from '../../../src/policy/place/chance.ts'
import type { Problem } from '../../../src/policy/place/problem.ts'
import { shapesOf } from '../../../src/policy/shape.ts'
import { createRandom, exponential, poisson } from '../../../src/sim/random.ts'
import { ocr } from '../fixtures.ts'

const SLO_MS = 400
const QUERIES_PER_S = 200
const { root } = shapesOf([ocr]).pipelines.get('ocr')!
/** What each task may wait. */
const MAY_WAIT_MS = 0.8 * SLO_MS / depthOf(root)

/**
 * Share of the items that wait longer than they may where queries come by chance, each with so many
 * items on average, and this many queries' items are done a second.
 */
function lateShare(items: number, carriedPerS: number, seed: number): number {
  const random = createRandom(seed)
  const itemMs = 1000 / (carriedPerS * items)
  let [nowMs, freeMs, counted, late] = [0, 0, 0, 0]
  for (let query = 0; query < 100_000; query++) {
    nowMs += exponential(random, 1000 / QUERIES_PER_S)
    for (let n = poisson(random(), items); n > 0; n--) {
      counted++
      if (freeMs - nowMs > MAY_WAIT_MS) late++
      freeMs = Math.max(freeMs, nowMs) + itemMs
    }
  }
  return late / counted
}

Deno.test('few items wait too long where what chance asks for is there, and many where half of it is', () => {
  const ofOne = queuePerS(root, SLO_MS)
  for (const items of [0.5, 1, 3, 18]) {
    const more = ofOne * spreadAfter(1, items)
    const [enough, half] = [more, more / 2].map((by) =>
      lateShare(items, QUERIES_PER_S + by, 40 + items)
    )
    // One in 150 by the formula, which takes no account of the one that is served.
    assert.ok(enough! < 0.015, `${items} items: ${enough}`)
    assert.ok(half! > 0.03, `${items} items: ${half} with half of it`)
  }
})

Deno.test('later tasks with few items for each query are asked for more than the first', () => {
  assert.equal(spreadAfter(1, 1), 2)
  assert.equal(spreadAfter(spreadAfter(1, 2), 4), 1.75)
  // Half of the queries have an item for u, which one slot does 100 of a second.
  const problem = (queuePerS: number): Problem => ({
    pipelines: [{
      ...{ name: 'p', weight: 1, sloMs: 400, ratePerS: 100, peakPerS: 120, queuePerS, root: 't' },
      tasks: {
        t: { next: ['u'], variants: { only: { accuracy: 1, fanOut: { u: 0.5 } } } },
        u: { next: [], variants: { quick: { accuracy: 0.5 }, exact: { accuracy: 1 } } },
      },
    }],
    classes: [{
      ...{ name: 'c', slots: 3, dutySum: 3, memoryBytes: Infinity, maxVariants: 1, networkMs: 0 },
      able: ([['t', 'only', 5], ['u', 'quick', 2], ['u', 'exact', 10]] as const).map(
        ([task, variant, latencyMs]) => ({
          ...{ pipeline: 'p', task, variant, memoryBytes: 1, swapMs: 0 },
          points: [{ batch: 1, latencyMs }],
        }),
      ),
    }],
    options: { waitTail: 1, reserve: 1 },
  })
  const variants = (asked: Problem) => {
    const { sets, standbySets } = place(asked).classes[0]!
    return [...sets, ...standbySets]
      .flatMap(({ variants: [one], slots }) => Array(slots).fill(one!.variant)).sort()
  }
  assert.deepEqual(variants(problem(0)), ['exact', 'only'])
  // 120, and for twice the spread 50 each: items for 110 a second, more than one slot does.
  assert.deepEqual(variants(problem(50)), ['exact', 'exact', 'only'])
})
