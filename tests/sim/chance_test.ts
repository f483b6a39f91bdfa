/** Arrivals, fan-out, latencies: what chance decides has the distribution that the rules say. */
import assert from 'node:assert/strict'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import { createArrivals, meanRate } from '../../src/sim/arrivals.ts'
import { createContent } from '../../src/sim/content.ts'
import { latencyOf } from '../../src/sim/latency.ts'
import { createRandom, lognormal, poisson, poissonCounts } from '../../src/sim/random.ts'
import { chain } from './fixtures.ts'

const pipeline = checkPipeline(chain, 'chain')

function moments(values: number[]): [mean: number, variance: number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length]
}

const near = (actual: number, expected: number, share: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= share * expected, `${what}: ${actual}, not ${expected}`)

Deno.test('arrivals are Poisson within their bins, and none where the rate is 0', () => {
  const rates = Array.from({ length: 4000 }, (_, i) => [30, 0, 5, 80][i % 4]!)
  const counts = rates.map(() => 0)
  const next = createArrivals({ binSeconds: 2, rates }, createRandom(3))
  let lastMs = 0
  for (let atMs = next(); atMs < Infinity; atMs = next()) {
    assert.ok(atMs >= lastMs)
    lastMs = atMs
    counts[Math.floor(atMs / 2000)]!++
  }
  for (const [phase, rate] of [30, 0, 5, 80].entries()) {
    const [mean, variance] = moments(counts.filter((_, i) => i % 4 === phase))
    near(mean, 2 * rate, 0.03, `mean at ${rate}/s`)
    near(variance, 2 * rate, 0.15, `variance at ${rate}/s`)
  }
  assert.equal(meanRate({ binSeconds: 4, rates: [10, 20, 40, 80] }, 10), 20)
  assert.equal(meanRate({ binSeconds: 1, rates: [10] }, 10), 10)
})

Deno.test('where queries come together as many come in all, in groups of the mean that is asked for', () => {
  const next = createArrivals(
    { binSeconds: 1, rates: Array<number>(2000).fill(40), together: 8 },
    createRandom(3),
  )
  const groups = new Map<number, number>()
  let count = 0
  for (let atMs = next(); atMs < Infinity; atMs = next()) {
    groups.set(atMs, (groups.get(atMs) ?? 0) + 1)
    count++
  }
  near(count, 80_000, 0.03, 'queries')
  const [mean, variance] = moments([...groups.values()])
  near(mean, 8, 0.05, 'mean of a group')
  // Geometric from 1 on: (1 - p) / p ^ 2 with p an eighth.
  near(variance, 56, 0.15, 'variance of a group')
})

Deno.test('fan-out is Poisson with the mean of the variant, as its distribution inverted gives', () => {
  const content = createContent(pipeline, 5)
  const counts = (variant: string) =>
    Array.from({ length: 20_000 }, (_, query) => {
      const outcome = content.outcome(content.root(query), 'find', variant)
      return outcome.ok ? outcome.children.name!.length : NaN
    })
  const quick = counts('quick')
  const exact = counts('exact')
  for (const [values, mean] of [[quick, 2], [exact, 4]] as const) {
    const [seen, variance] = moments(values)
    near(seen, mean, 0.03, 'mean')
    near(variance, mean, 0.05, 'variance')
  }
  // One uniform for both: where one variant finds much, so does the other.
  assert.ok(quick.every((count, query) => count <= exact[query]!))
  // Neighbours tell nothing of each other.
  const [mean] = moments(exact)
  const [product] = moments(exact.slice(1).map((count, i) => (count - mean) * (exact[i]! - mean)))
  assert.ok(Math.abs(product) < 0.15, `covariance ${product}`)
  for (const uniform of [0, 0.01, 0.3, 0.5, 0.9, 0.9999]) {
    assert.equal(poissonCounts(3.7)(uniform), poisson(uniform, 3.7))
  }
})

Deno.test('noise has mean 1 and the spread asked for', () => {
  const random = createRandom(9)
  const [mean, variance] = moments(Array.from({ length: 50_000 }, () => lognormal(random, 0.3)))
  near(mean, 1, 0.01, 'mean')
  near(Math.sqrt(variance), 0.3, 0.03, 'deviation')
})

Deno.test('latencyOf() interpolates between points, extrapolates beyond the last', () => {
  const table = latencyOf({ 2: 20, 4: 30, 8: 70 })
  assert.deepEqual([1, 2, 3, 4, 6, 8, 10].map(table), [20, 20, 25, 30, 50, 70, 90])
  assert.equal(latencyOf({ 2: 10 })(6), 30)
  assert.equal(latencyOf({ 1: 10, 2: 8 })(4), 8, 'never falling beyond the last')
})

Deno.test('many items, of which none is as good as impossible, are as many as they are said to be', () => {
  const random = createRandom(4)
  for (const [mean, spread] of [[700, 1], [740, 1], [1000, 1], [5000, 1], [3000, 2]] as const) {
    const counts = poissonCounts(mean, spread)
    const [seen, variance] = moments(Array.from({ length: 20_000 }, () => counts(random())))
    near(seen, mean, 0.01, `mean of ${mean}`)
    near(Math.sqrt(variance), spread * Math.sqrt(mean), 0.02, `deviation at ${mean}`)
  }
})
