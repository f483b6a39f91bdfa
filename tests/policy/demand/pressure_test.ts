/** The door: who comes with a burst may fill the time there is, who comes to a queue that stands not. */
import assert from 'node:assert/strict'
import { createPressure } from '../../../src/policy/demand/pressure.ts'
import { createPool, nodeOf, ocr } from '../fixtures.ts'

const SLO_MS = 2000

/** The quickest way of a query: what a slot takes for it. */
const WORK_MS = 40 + 4 * 5

for (const nodes of [3, 8, 20]) {
  Deno.test(`a burst fills the time of ${nodes} nodes, and none or hardly any are let in in vain`, () => {
    const pool = createPool([ocr], { childCount: () => 4 })
    for (let i = 0; i < nodes; i++) pool.join(nodeOf(`n${i}`, [ocr]))
    // What is seldom asked leaves most of them at rest, until the burst comes.
    for (let i = 0; i < 10; i++) {
      pool.time.at(1000 + i * 500, () => pool.ask(`w${i}`, 'ocr', SLO_MS))
    }
    pool.run(9000)
    assert.ok(pool.scheduler.plan().standby > 0)
    const count = 100 * nodes
    for (let i = 0; i < count; i++) pool.ask(`q${i}`, 'ocr', SLO_MS)
    pool.run(20_000)
    const answers = Array.from({ length: count }, (_, i) => pool.answers.get(`q${i}`)![0]!)
    const served = answers.filter(({ answer }) => answer.ok)
    const lastMs = Math.max(...served.map(({ atMs }) => atMs)) - 9000
    assert.ok(lastMs > 0.95 * SLO_MS && lastMs <= SLO_MS, `the last at ${lastMs} ms`)
    // A fifteenth of the time goes to the first: they came to an idle pool, and went better ways.
    assert.ok(served.length > 0.9 * nodes * SLO_MS / WORK_MS, `${served.length} served`)
    // The others are told so at once, but for at most one of a hundred.
    const { failed } = pool.scheduler.stats().pipelines.ocr!
    const { infeasible_deadline: refused = 0, deadline_exceeded: lost = 0, ...rest } = failed
    assert.deepEqual(rest, {})
    assert.equal(served.length + refused + lost, count)
    assert.ok(lost <= served.length / 100, `${lost} lost, ${served.length} served`)
    const atOnce = answers.filter(({ answer, atMs }) => !answer.ok && atMs === 9000)
    assert.equal(atOnce.length, refused)
  })
}

Deno.test('a pool lets in as many right after it loaded as a while later', () => {
  const refused = (atMs: number) => {
    const pool = createPool([ocr], { childCount: () => 4 })
    for (const id of ['a', 'b', 'c']) pool.join(nodeOf(id, [ocr]))
    pool.run(atMs)
    for (let i = 0; i < 300; i++) pool.ask(`q${i}`, 'ocr', SLO_MS)
    return pool.scheduler.stats().pipelines.ocr!.failed.infeasible_deadline
  }
  // Slots of some kinds were worth more while not all held all.
  assert.equal(refused(100), refused(8000))
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
