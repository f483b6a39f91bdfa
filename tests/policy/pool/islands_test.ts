/** Pipelines that share no slot hold up nobody of another. */
import assert from 'node:assert/strict'
import { checkPipeline } from '../../../src/pipeline/parse.ts'
import { createComing } from '../../../src/policy/door/coming.ts'
import { groupPrices } from '../../../src/policy/frontier/prices.ts'
import type { FrontierProblem } from '../../../src/policy/frontier/problem.ts'
import { findIslands, type Island, islandNumber } from '../../../src/policy/pool/islands.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import type { Group } from '../../../src/policy/state/slots.ts'
import type { Tails } from '../../../src/policy/lookahead/tails.ts'
import { createPool, nodeOf } from '../fixtures.ts'

/** One task with a variant of so many ms. */
const pipelineOf = (name: string, sloMs: number, referenceMs: number, weight = 1) =>
  checkPipeline({
    ...{ schema: 'shoal-pipeline/1', name, sloMs, weight, root: 'only' },
    tasks: { only: { variants: { one: { accuracy: 1, referenceMs } } } },
  }, `${name}.json`)

const pipelines = ['a', 'b', 'c'].map((name, i) => pipelineOf(name, 1000 * (i + 1), 10))
const shapes = shapesOf(pipelines)
const [a, b, c] = [...shapes.pipelines.values()]

/** A slot that holds the variants of these pipelines; it may be asked for so many. */
function groupOf(held: typeof a[], open = 3): Group {
  const variants = shapes.variants.filter(({ ref }) =>
    held.some((one) => one!.name === ref.pipeline)
  )
  const slot = { held: new Set(variants), node: { openCount: open } }
  return {
    held: slot.held,
    tasks: variants.map(({ task }) => task),
    slots: [slot],
    duty: 1,
    island: NaN,
  } as unknown as Group
}

Deno.test('pipelines are on one island where slots hold both, also by way of a third', () => {
  const apart = [groupOf([a]), groupOf([b, c]), groupOf([a])]
  const islands = findIslands(apart)
  assert.deepEqual(apart.map(({ island }) => island), [0, 1, 0])
  assert.deepEqual(islands.map(({ duty, isPart }) => [duty, isPart]), [[2, true], [1, true]])
  assert.deepEqual([a, b, c].map((one) => islandNumber({ islands }, one!)), [0, 1, 1])
  assert.deepEqual(islands.map(({ hasUnlikeSlos }) => hasUnlikeSlos), [false, true])

  const joined = findIslands([groupOf([a, b]), groupOf([c]), groupOf([b, c])])
  assert.equal(joined.length, 1)
  assert.equal(joined[0]!.isPart, false)
  assert.equal(joined[0]!.pipelines.size, 3)
  assert.equal(findIslands([]).length, 1)
})

Deno.test('slots of an island that all hold the same are as good as slots that hold all', () => {
  const [first, second] = findIslands([groupOf([a]), groupOf([b]), groupOf([b, c])])
  assert.deepEqual([first!.sameHeld, first!.allHeld], [true, true])
  assert.deepEqual([second!.sameHeld, second!.allHeld], [false, false])
  const full = findIslands([groupOf([b], 1), groupOf([b, c], 2)])
  assert.deepEqual([full[0]!.sameHeld, full[0]!.allHeld], [false, true])
})

Deno.test('queries are not refused for those of a pipeline that other slots do', () => {
  const patient = pipelineOf('patient', 8000, 1000)
  const hasty = pipelineOf('hasty', 400, 20)
  const pool = createPool([patient, hasty])
  pool.join({ ...nodeOf('p', [patient]), slots: 1 })
  pool.join({ ...nodeOf('h', [hasty]), slots: 1 })
  let asked = 0
  // Twice what the one slot can do: soon its queries have no time to spare.
  for (let atMs = 1000; atMs < 12_000; atMs += 500) {
    pool.time.at(atMs, () => pool.ask(`p${asked++}`, 'patient', 8000))
  }
  let hastily = 0
  for (let atMs = 1000; atMs < 12_000; atMs += 50) {
    pool.time.at(atMs, () => pool.ask(`h${hastily++}`, 'hasty', 400))
  }
  pool.run(30_000)
  const failed = (prefix: string) =>
    [...pool.answers].filter(([id, [one]]) => id.startsWith(prefix) && !one!.answer.ok).length
  // A slot that is asked for two fifths of its time: 110 of 220 where there was one queue for all.
  assert.equal(failed('h'), 0)
  assert.ok(failed('p') > 0)
})

/** Groups of 2, 3 and 5 slots of which the last alone does the second pipeline, and nothing else. */
function problemApart(): FrontierProblem {
  const groupOfB = 2
  return {
    groups: [2, 3, 5].map((slots, g) => (
      { key: `g${g}`, class: `g${g}`, slots, duty: slots, island: g === groupOfB ? 1 : 0 }
    )),
    services: shapes.variants.map(({ ref }) => {
      const own = ref.pipeline === 'a' ? [0, 1] : ref.pipeline === 'b' ? [groupOfB] : []
      return own.map((group) => ({ group, costMs: 10 * (group + 1), aloneMs: 40 }))
    }),
    fanOut: shapes.variants.map(() => []),
    ratesPerS: [10, 1, 0],
    aim: 1,
  }
}

Deno.test('what time is worth is a share of the island', () => {
  const [first, second, third] = groupPrices(shapes, problemApart())
  assert.ok(Math.abs(2 * first! + 3 * second! - 1) < 1e-6)
  // By what it does in it; a tenth of the price is the same for all.
  assert.ok(first! > 1.7 * second!)
  assert.ok(Math.abs(5 * third! - 1) < 1e-6)
})

/** What each item takes of the island, in ms; rates are per second. */
function keeping(rates: { [pipeline: string]: number }, poolMs: number, own = [a!, b!, c!]) {
  const coming = createComing()
  coming.adopt(new Map(Object.entries(rates)))
  const tails = { quickest: () => ({ poolMs }) } as unknown as Tails
  const island = { pipelines: new Set(own) } as unknown as Island
  return {
    came: coming.came,
    aheadMs: (own: typeof a, leftMs: number) => coming.aheadMs(own!, leftMs, island, tails),
  }
}

Deno.test('who can wait stands behind those who will come with less time', () => {
  const { aheadMs, came } = keeping({ a: 50, b: 10, c: 1 }, 10)
  // For two seconds 50 a second of 10 ms, for one 10: seven tenths of that.
  assert.ok(Math.abs(aheadMs(c, 3000) - 0.7 * (2000 * 0.5 + 1000 * 0.1)) < 1e-9)
  assert.ok(Math.abs(aheadMs(b, 2000) - 0.7 * 1000 * 0.5) < 1e-9)
  assert.equal(aheadMs(a, 1000), 0)
  assert.equal(aheadMs(c, Infinity), 0)
  // Of those who go before it hardly any are let in: all that they ask is kept.
  for (let i = 0; i < 40; i++) came('a', false, 100 * i)
  assert.ok(Math.abs(aheadMs(b, 2000) - 1000 * 0.5) < 1e-9)
  // It fares worse itself, and nothing is.
  for (let i = 0; i < 80; i++) {
    came('b', false, 4000 + 100 * i)
    came('a', true, 4000 + 100 * i)
  }
  assert.equal(aheadMs(b, 2000), 0)
})

Deno.test('no more is kept for those who will come than there is', () => {
  const { aheadMs } = keeping({ a: 300, b: 100, c: 0 }, 10)
  // Four times what there is: of 3 and 1, by seven tenths.
  assert.ok(Math.abs(aheadMs(b, 2000) - 0.7 * 1000 * 0.75) < 1e-9)
})

Deno.test('who weighs more has all kept that it asks, and keeps nothing', () => {
  const weighty = shapesOf([pipelineOf('w', 1000, 10, 2), pipelineOf('x', 2000, 10)])
  const [w, x] = [...weighty.pipelines.values()]
  assert.equal(keeping({ w: 50, x: 50 }, 10, [w!, x!]).aheadMs(x!, 2000), 1000 * 0.5)
  // The other way round: of queries with half of a second less than it has.
  const late = shapesOf([pipelineOf('v', 1500, 10), pipelineOf('w', 2000, 10, 2)])
  const [v, most] = [...late.pipelines.values()]
  assert.equal(keeping({ v: 50, w: 50 }, 10, [v!, most!]).aheadMs(most!, 2000), 0)
})
