/** Prices of slot time, and the flows they lead to. */
import assert from 'node:assert/strict'
import { Market } from '../../../src/policy/price/market.ts'
import type { Supply } from '../../../src/policy/price/problem.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { createRandom } from '../../../src/sim/random.ts'
import { ocr, single } from '../fixtures.ts'

const shapes = shapesOf([ocr, single])

/** Every group holds every variant, and takes `slowness` times its reference. */
const supplyOf = (groups: { slots: number; slowness: number }[]): Supply => ({
  groups: groups.map(({ slots }, g) => ({ key: `g${g}`, slots })),
  duties: groups.map(({ slots }) => slots),
  services: shapes.variants.map(({ referenceMs }) =>
    groups.map(({ slowness }, group) => {
      const costMs = referenceMs! * slowness
      return { group, costMs, aloneMs: costMs + 2 }
    })
  ),
  fanOut: shapes.variants.map(({ fanOut }) => fanOut),
})

function marketOf(
  groups: { slots: number; slowness: number }[],
  ratesPerS: [ocr: number, single: number],
) {
  const demands = [...shapes.pipelines.values()].map((shape, p) => (
    { shape, ratePerS: ratesPerS[p]!, level: 0 }
  ))
  return new Market(shapes, { ...supplyOf(groups), demands })
}

const costOf = (prices: readonly number[]) => prices.reduce((sum, price) => sum + price, 0)

Deno.test('no group gets more work than time, in any pool and demand', () => {
  const random = createRandom(1)
  for (let i = 0; i < 60; i++) {
    const groups = Array.from({ length: 1 + Math.floor(4 * random()) }, () => (
      { slots: 1 + Math.floor(8 * random()), slowness: 0.5 + 4 * random() }
    ))
    const { plan } = marketOf(groups, [80 * random(), 60 * random()])
    groups.forEach(({ slots }, g) => {
      assert.ok(plan.load[g]! <= 1.05 * slots, `${plan.load[g]} of ${slots}, pool ${i}`)
    })
    assert.ok(plan.served >= 0 && plan.served <= 1)
  }
})

Deno.test('the price is near zero in an idle pool, and near the worth of an answer in overload', () => {
  const pool = [{ slots: 4, slowness: 1 }]
  const idle = marketOf(pool, [0.5, 0.5])
  assert.ok(costOf(idle.pricesAt(1)) < 1e-6)
  assert.ok(idle.plan.served > 0.999)
  const flooded = marketOf(pool, [0.01, 1000])
  // A query of `single` takes at least 20 ms: at this price it pays about the worth of an answer.
  const paid = 20 * flooded.pricesAt(1)[0]!
  assert.ok(paid > 5 && paid < 15, `${paid}`)
  assert.ok(flooded.plan.served < 0.5)
})

Deno.test('less planned capacity raises prices and lowers the planned accuracy', () => {
  const market = marketOf([{ slots: 3, slowness: 1 }, { slots: 4, slowness: 2 }], [4, 30])
  const costs = [1.3, 1.15, 1, 0.85, 0.7, 0.5, 0.3].map((share) => costOf(market.pricesAt(share)))
  for (let i = 1; i < costs.length; i++) assert.ok(costs[i]! >= 0.98 * costs[i - 1]!, `${costs}`)
  const accuracies = [20, 40, 60, 80].map((perS) =>
    marketOf([{ slots: 4, slowness: 1 }], [0.01, perS]).plan.accuracy
  )
  for (let i = 1; i < accuracies.length; i++) {
    assert.ok(accuracies[i]! <= accuracies[i - 1]! + 1e-3, `${accuracies}`)
  }
})

Deno.test('queries with a minimum accuracy are planned on paths that keep it', () => {
  const shape = shapes.pipelines.get('single')!
  const { plan } = new Market(shapes, {
    ...supplyOf([{ slots: 2, slowness: 1 }]),
    demands: [{ shape, ratePerS: 40, level: shape.levels.length - 1 }],
  })
  // Two slots do 20 exact answers per second.
  assert.ok(plan.accuracy > 0.999, `${plan.accuracy}`)
  assert.ok(plan.served < 0.55, `${plan.served}`)
})
