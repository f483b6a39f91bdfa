/** The door: who comes with a burst may fill the time there is, who comes to a queue that stands not. */
import assert from 'node:assert/strict'
import { createPressure } from '../../src/policy/pressure.ts'
import { createPool, nodeOf, ocr } from './fixtures.ts'

const SLO_MS = 2000

Deno.test('a burst may fill the whole time of its queries, and nobody is let in in vain', () => {
  const pool = createPool([ocr], { childCount: () => 4 })
  for (const id of ['a', 'b', 'c']) pool.join(nodeOf(id, [ocr]))
  pool.run(1000)
  for (let i = 0; i < 300; i++) pool.ask(`q${i}`, 'ocr', SLO_MS)
  pool.run(10_000)
  const answers = [...pool.answers.values()].map(([one]) => one!)
  const served = answers.filter(({ answer }) => answer.ok)
  const lastMs = Math.max(...served.map(({ atMs }) => atMs)) - 1000
  assert.ok(lastMs > 0.95 * SLO_MS && lastMs <= SLO_MS, `the last at ${lastMs} ms`)
  // The others are told so at once.
  const { failed } = pool.scheduler.stats().pipelines.ocr!
  assert.deepEqual(failed, { infeasible_deadline: 300 - served.length })
})

Deno.test('time is short for long when it was for a quarter of a query’s time, without a pause', () => {
  const pressure = createPressure()
  const ask = (nowMs: number, isShort = true) => pressure.isStanding(isShort, 1000, 1000, nowMs)
  for (let nowMs = 0; nowMs <= 250; nowMs += 50) assert.equal(ask(nowMs), false)
  assert.equal(ask(300), true)
  // Who finds time enough meanwhile changes nothing, until for long nobody found it short.
  assert.equal(ask(310, false), true)
  assert.equal(ask(8300, false), true)
  assert.equal(ask(8301, false), false)
  // Bursts with pauses between them are bursts.
  for (let nowMs = 20_000; nowMs < 30_000; nowMs += 200) assert.equal(ask(nowMs), false)
})

Deno.test('who has little time does not make a queue of others look like bursts', () => {
  const pressure = createPressure()
  let stands = false
  for (let nowMs = 0; nowMs < 2000; nowMs += 100) {
    pressure.isStanding(true, 50, 5000, nowMs)
    stands = pressure.isStanding(true, 5000, 5000, nowMs + 50)
  }
  assert.ok(stands)
})

Deno.test('a queue that only those with little time are short of time behind is none', () => {
  const pressure = createPressure()
  for (let nowMs = 0; nowMs < 2000; nowMs += 10) {
    assert.equal(
      pressure.isStanding(nowMs % 20 === 0, nowMs % 20 === 0 ? 60 : 250, 250, nowMs),
      false,
    )
  }
  // Where all have so little it is one, and it stays one for those who come with more.
  for (let nowMs = 2000; nowMs < 4000; nowMs += 10) pressure.isStanding(true, 60, 250, nowMs)
  assert.ok(pressure.isStanding(false, 250, 250, 4000))
})

Deno.test('who has a minute does not make the time of others little', () => {
  const pressure = createPressure()
  let stands = false
  for (let nowMs = 0; nowMs < 2000; nowMs += 20) {
    stands = pressure.isStanding(true, 250, 250, nowMs)
    pressure.isStanding(false, 60_000, 250, nowMs + 10)
  }
  assert.ok(stands)
})
