/** The current demand is measured over the time that queries have. */
import assert from 'node:assert/strict'
import { Level } from '../../../src/policy/estimate/level.ts'
import { createRandom, exponential } from '../../../src/sim/random.ts'

/** Poisson arrivals at a rate per second; returns the level each 100 ms. */
function arrivals(level: Level, ratePerS: number, fromS: number, toS: number, seed: number) {
  const random = createRandom(seed)
  const seen: number[] = []
  let nextMs = fromS * 1000 + exponential(random, 1000 / ratePerS)
  for (let atMs = fromS * 1000; atMs <= toS * 1000; atMs += 100) {
    for (; nextMs <= atMs; nextMs += exponential(random, 1000 / ratePerS)) level.count(nextMs)
    seen.push(level.perS(atMs))
  }
  return seen
}

/** Relative deviation of the level from the true rate. */
function strays(sloMs: number, ratePerS: number): number {
  const level = new Level(0, sloMs)
  const seen = arrivals(level, ratePerS, 0, 620, 7).slice(200)
  return Math.sqrt(
    seen.reduce((sum, perS) => sum + (perS / ratePerS - 1) ** 2, 0) / seen.length,
  )
}

Deno.test('random arrivals move the level little if few queries come and each has long', () => {
  assert.ok(strays(5000, 4) < 0.2, `${strays(5000, 4)}`)
  assert.ok(strays(250, 4) > 0.25, 'where each has little the newest second is the best guess')
})

Deno.test('an SLO up to a second changes nothing', () => {
  const [short, second] = [new Level(0, 250), new Level(0, 1000)]
  assert.deepEqual(arrivals(short, 30, 0, 20, 3), arrivals(second, 30, 0, 20, 3))
})

Deno.test("a jump is followed within half of a query's time, a fall within all of it", () => {
  const level = new Level(0, 5000)
  arrivals(level, 4, 0, 60, 1)
  const jump = arrivals(level, 20, 60, 75, 2)
  assert.ok(Math.max(...jump.slice(0, 25)) > 14, `${Math.max(...jump.slice(0, 25))}`)
  const fall = arrivals(level, 2, 75, 90, 3)
  assert.ok(fall[50]! < 8, `${fall[50]}`)
})

Deno.test('a burst is over when no query comes any more', () => {
  const level = new Level(0, 5000)
  arrivals(level, 4, 0, 60, 1)
  for (let i = 0; i < 100; i++) level.count(60_010)
  assert.ok(level.perS(60_100) > 40, `${level.perS(60_100)} while it lasts`)
  assert.ok(level.perS(60_500) < 6, `${level.perS(60_500)} half a second later`)
})

Deno.test('before the first window has ended the count so far sets the level', () => {
  const level = new Level(0, 5000)
  for (let atMs = 0; atMs < 3000; atMs += 500) level.count(atMs)
  assert.ok(Math.abs(level.perS(3000) - 2) < 0.1, `${level.perS(3000)}`)
})

Deno.test('the level fades to zero in silence', () => {
  const level = new Level(0, 5000)
  arrivals(level, 10, 0, 60, 5)
  assert.ok(level.perS(600_000) < 0.01)
})
