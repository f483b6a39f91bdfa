/** Queries with little time: when a busy pool can have them done, and what they tell. */
import assert from 'node:assert/strict'
import { doneAfterMs } from '../../src/policy/lookahead/coming_free.ts'
import { lessonOf } from '../../src/policy/demand/lesson.ts'
import type { Answer } from '../../src/policy/core/types.ts'
import { createPool, nodeOf, ocr } from './fixtures.ts'

Deno.test('slots that come free one after the other have done so much after so long', () => {
  const slots = 200
  const busyMs = 30
  const freeAtMs = Array.from({ length: slots }, (_, i) => 2 * busyMs * (i + 0.5) / slots)
  assert.ok(Math.abs(freeAtMs.reduce((sum, ms) => sum + ms, 0) / slots - busyMs) < 1e-9)
  for (const workMs of [0.5, 2, 10, 29, 30, 31, 200]) {
    const afterMs = doneAfterMs(busyMs, workMs)
    const doneMs = freeAtMs.reduce((sum, ms) => sum + Math.max(0, afterMs - ms), 0) / slots
    assert.ok(Math.abs(doneMs - workMs) < 0.01, `${doneMs} of ${workMs} after ${afterMs} ms`)
  }
  assert.equal(doneAfterMs(30, 0), 0)
  assert.equal(doneAfterMs(0, 12), 12)
})

Deno.test('a query tells as much as its time leaves it to spare, and no more than a usual one', () => {
  const of = (givenMs: number) => lessonOf(givenMs, 250, 40)
  assert.equal(of(250), 1)
  assert.equal(of(60_000), 1)
  // A bit of it gone on the way makes no difference.
  assert.equal(of(230), 1)
  assert.equal(of(40), 0)
  assert.equal(of(1), 0)
  const lessons = [45, 60, 100, 150, 200].map(of)
  lessons.forEach((lesson, i) =>
    assert.ok(lesson > (lessons[i - 1] ?? 0) && lesson < 1, `${lesson}`)
  )
  // Where the pool could not have even a usual one done in time.
  assert.equal(lessonOf(250, 250, 300), 1)
  assert.equal(lessonOf(100, 250, 300), 0)
})

Deno.test('who has little time is let in as slots come free one by one, not when all would be', () => {
  const pool = createPool([ocr], { childCount: () => 1 })
  for (let i = 0; i < 16; i++) pool.join(nodeOf(`n${i}`, [ocr]))
  pool.run(1000)
  pool.ask('none', 'ocr', 1)
  const idleMs = neededMs(pool.answers.get('none')![0]!.answer)
  // Each slot has a batch, begun at another time.
  for (let i = 0; i < 64; i++) {
    pool.ask(`long-${i}`, 'ocr', 60_000)
    pool.run(1000 + (i + 1) * 20)
  }
  pool.ask('in vain', 'ocr', idleMs + 1)
  pool.ask('urgent', 'ocr', 1.5 * idleMs)
  pool.run(60_000)
  assert.ok(neededMs(pool.answers.get('in vain')![0]!.answer) > idleMs + 1)
  const [urgent] = pool.answers.get('urgent')!
  assert.ok(urgent!.answer.ok, JSON.stringify(urgent!.answer))
})

/** As a refusal says. */
function neededMs(answer: Answer): number {
  assert.ok(!answer.ok && answer.reason === 'infeasible_deadline', JSON.stringify(answer))
  return Number(/need about (\d+) ms/.exec(answer.message)![1])
}
