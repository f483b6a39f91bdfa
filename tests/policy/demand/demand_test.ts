import assert from 'node:assert/strict'
import { Demand } from '../../../src/policy/estimate/demand.ts'
import { createRandom, exponential } from '../../../src/sim/random.ts'

/** Poisson arrivals at `rates` queries per second, one a second; calls back each 50 ms. */
function run(rates: number[], seed: number, startPerS = 0) {
  const demand = new Demand(startPerS)
  const random = createRandom(seed)
  const seen: { atMs: number; ratePerS: number; levelPerS: number }[] = []
  let nextMs = 0
  rates.forEach((rate, second) => {
    for (let atMs = second * 1000; atMs < second * 1000 + 1000; atMs += 50) {
      nextMs = Math.max(nextMs, atMs)
      for (;;) {
        const gapMs = rate > 0 ? exponential(random, 1000 / rate) : Infinity
        if (nextMs + gapMs >= atMs + 50) break
        nextMs += gapMs
        demand.count(nextMs)
      }
      const nowMs = atMs + 50
      seen.push({
        atMs: nowMs,
        ratePerS: demand.ratePerS(nowMs),
        levelPerS: demand.levelPerS(nowMs),
      })
    }
  })
  return (fromS: number, toS: number) =>
    seen.filter(({ atMs }) => atMs > fromS * 1000 && atMs <= toS * 1000)
}
const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length

Deno.test('demand settles on a steady rate, and chance hardly raises it', () => {
  const seen = run(Array(60).fill(200), 1)(10, 60)
  const rate = mean(seen.map(({ ratePerS }) => ratePerS))
  assert.ok(rate > 190 && rate < 212, `${rate}`)
  const raised = seen.filter(({ ratePerS }) => ratePerS > 1.15 * 200).length
  assert.ok(raised < 0.01 * seen.length, `${raised} of ${seen.length} raised`)
})

Deno.test('demand of the moment believes a step within 400 ms, placement a second of it', () => {
  const at = run([...Array(20).fill(100), ...Array(5).fill(400)], 2)
  const early = at(20.3, 20.5)
  assert.ok(Math.max(...early.map(({ levelPerS }) => levelPerS)) > 300)
  assert.ok(Math.max(...early.map(({ ratePerS }) => ratePerS)) < 150)
  const next = at(21, 21.1)
  assert.ok(Math.min(...next.map(({ ratePerS }) => ratePerS)) > 300)
  const later = at(23.9, 25)
  assert.ok(mean(later.map(({ ratePerS }) => ratePerS)) > 340)
})

Deno.test('demand follows a ramp with the lag of its mean', () => {
  const at = run(Array.from({ length: 60 }, (_, i) => 50 + 5 * i), 3)
  const { ratePerS } = at(59.9, 60)[0]!
  assert.ok(ratePerS > 300 && ratePerS < 380, `${ratePerS}`)
})

Deno.test('demand forgets a spike within seconds', () => {
  const at = run([...Array(10).fill(50), 600, ...Array(12).fill(50)], 4)
  assert.ok(Math.max(...at(11, 11.1).map(({ ratePerS }) => ratePerS)) > 400)
  assert.ok(mean(at(18, 22).map(({ ratePerS }) => ratePerS)) < 70)
})

Deno.test('demand of the moment falls as soon as it rises: a spike is over when it is', () => {
  const at = run([...Array(20).fill(100), 500, ...Array(10).fill(100)], 7)
  assert.ok(Math.max(...at(20.3, 20.5).map(({ levelPerS }) => levelPerS)) > 350)
  const after = mean(at(21.5, 24).map(({ levelPerS }) => levelPerS))
  assert.ok(after > 85 && after < 130, `${after}`)
  const calm = mean(at(10, 20).map(({ levelPerS }) => levelPerS))
  assert.ok(calm > 90 && calm < 110, `${calm}`)
})

Deno.test('demand fades to nothing in silence', () => {
  const at = run([...Array(10).fill(300), ...Array(80).fill(0)], 5)
  assert.ok(at(24.9, 25)[0]!.ratePerS < 1)
  assert.equal(at(89.9, 90)[0]!.ratePerS < 1e-6, true)
})

Deno.test('demand of a query now and then is no jump', () => {
  const seen = run(Array(120).fill(0.5), 6)(20, 120)
  assert.ok(seen.every(({ ratePerS }) => ratePerS < 2))
})

Deno.test('demand that placement follows holds through a gap of a second, and falls with a lasting one', () => {
  const gap = run([...Array(20).fill(200), 40, ...Array(4).fill(200)], 8)
  assert.ok(Math.min(...gap(21, 25).map(({ ratePerS }) => ratePerS)) > 150)
  const fall = run([...Array(20).fill(200), ...Array(5).fill(40)], 8)
  assert.ok(Math.max(...fall(22.1, 25).map(({ ratePerS }) => ratePerS)) < 60)
})

Deno.test('demand begins with what it is told', () => {
  assert.equal(new Demand(80).ratePerS(0), 80)
})

Deno.test('demand remembers for a minute how far above the mean it was', () => {
  const demand = new Demand(100)
  const second = (at: number, queries: number) => {
    for (let i = 0; i < queries; i++) demand.count(at * 1000 + i * 1000 / queries)
  }
  for (let at = 0; at < 10; at++) second(at, 100)
  const calm = demand.peak(10_000)
  assert.ok(calm.perS > 130 && calm.perS < 160, `${calm.perS}: a few deviations of a second`)
  assert.equal(calm.surges, false)
  second(10, 400)
  for (let at = 11; at < 60; at++) second(at, 100)
  const after = demand.peak(60_000)
  assert.ok(after.perS > 400 && after.perS < 550, `${after.perS}: as much, or somewhat more`)
  assert.equal(after.surges, true)
  for (let at = 60; at < 75; at++) second(at, 100)
  assert.deepEqual(demand.peak(75_000).surges, false)
  assert.ok(Math.abs(demand.peak(75_000).perS - calm.perS) < 2)
})

Deno.test('who asks before the first event does not stop the windows', () => {
  const [asked, left] = [new Demand(), new Demand()]
  for (const read of ['ratePerS', 'levelPerS', 'peak'] as const) asked[read](-Infinity)
  for (const demand of [asked, left]) {
    for (let atMs = 1000; atMs < 11_000; atMs += 100) demand.count(atMs)
  }
  assert.equal(asked.ratePerS(11_000), left.ratePerS(11_000))
  assert.ok(asked.ratePerS(11_000) > 9, `${asked.ratePerS(11_000)}/s of 10`)
})

Deno.test('the peak of queries that have long is what all that chance brings is done by in time', () => {
  const peakOf = (sloMs: number, counts: readonly number[]) => {
    const demand = new Demand(counts[0], sloMs)
    counts.forEach((count, at) => {
      for (let i = 0; i < count; i++) demand.count(at * 1000 + i * 1000 / count)
    })
    return demand.peak(counts.length * 1000)
  }
  const steady = Array(30).fill(4)
  // Four and a half deviations of what comes in a second: it has to be done in that second.
  assert.deepEqual(peakOf(250, steady), { perS: 4 + 4.5 * 2, surges: false })
  // Of ten seconds three tenths, but for the first one, may pass until it is.
  const patient = peakOf(10_000, steady)
  assert.equal(patient.surges, false)
  for (const seconds of [1, 2, 3, 5, 8, 12, 20, 30]) {
    const come = 4 * seconds + 4.5 * Math.sqrt(4 * seconds)
    const doneS = come / patient.perS
    assert.ok(doneS < seconds + 2.75, `what comes in ${seconds} s takes ${doneS} s`)
  }
  assert.ok(patient.perS < 6, `${patient.perS}`)
  // Where chance is next to nothing some is left for what no plan foresees.
  const many = peakOf(10_000, Array(30).fill(1000))
  assert.ok(Math.abs(many.perS - 1100) < 1, `${many.perS}`)
  // Of very many chance is less than that, and where nobody can wait it is all that there is.
  const most = Array(30).fill(10_000)
  assert.deepEqual(peakOf(250, most).perS, 10_000 + 4.5 * 100)
  assert.deepEqual(peakOf(10_000, most).perS, 10_000 + 4.5 * 100)
  // One second of four times as many is a surge to who has 250 ms, and nothing to who has ten seconds.
  const jump = [...steady, 16, ...Array(8).fill(4)]
  assert.equal(peakOf(250, jump).surges, true)
  assert.equal(peakOf(10_000, jump).surges, false)
  // What is a surge to both: who can wait has a part of the time that a plan takes.
  const [hasty, slow] = [250, 2500].map((sloMs) => peakOf(sloMs, [...steady, 80]))
  assert.ok(hasty!.surges && slow!.surges)
  assert.ok(slow!.perS < 0.9 * hasty!.perS && slow!.perS > 0.7 * hasty!.perS, `${slow!.perS}`)
})

Deno.test('of demand that ended long ago nothing is left, however long queries have', () => {
  for (const sloMs of [250, 10_000, 120_000, 600_000]) {
    const demand = new Demand(0, sloMs)
    for (let atMs = 0; atMs < 600_000; atMs += 100) demand.count(atMs)
    // Nobody looked meanwhile.
    const nowMs = 4_200_000
    demand.count(nowMs)
    assert.ok(demand.ratePerS(nowMs) < 1e-3, `${demand.ratePerS(nowMs)}/s, of ${sloMs} ms`)
    assert.ok(demand.levelPerS(nowMs) < 1e-3, `${demand.levelPerS(nowMs)}/s, of ${sloMs} ms`)
    assert.equal(demand.peak(nowMs + 1000).surges, false, `of ${sloMs} ms`)
  }
})
