/** Queries with a minimum accuracy. */
import assert from 'node:assert/strict'
import { ocr, refsOf } from '../fixtures.ts'
import { asks, asksMany, joins, play, rules } from '../story.ts'

Deno.test('A minimum accuracy above the best path is refused for good', () => {
  const story = play({ children: 2 }, [
    [0, joins('a')],
    [1000, asks('q', 5000, { minAccuracy: 0.82 })],
  ], 2000)
  const { reason, retryAfterMs } = story.refused('q')
  assert.equal(reason, 'no_capable_node')
  assert.equal(retryAfterMs, undefined)
})

Deno.test('A minimum accuracy that only absent nodes reach may be tried again', () => {
  const able = refsOf(ocr).filter(({ variant }) => variant !== 'large')
  const story = play({}, [
    [0, joins('a', { able })],
    [1000, asks('q', 5000, { minAccuracy: 0.8 })],
  ], 2000)
  const { reason, retryAfterMs, message } = story.refused('q')
  assert.equal(reason, 'no_capable_node')
  assert.match(message, /accuracy 0.8 now/)
  assert.ok(retryAfterMs! > 0)
})

Deno.test('A minimum accuracy equal to the best path is served by the best path', () => {
  const story = play({ children: 2 }, [
    [0, joins('a')],
    [1000, asks('q', 5000, { minAccuracy: 0.81 })],
  ], 7000)
  assert.equal(story.served('q').accuracy, 0.81)
})

Deno.test('A minimum accuracy is kept under load, or the query fails for lack of time', () => {
  const story = play({ children: 2 }, [
    [0, joins('a')],
    [1000, asksMany('asks', 150, 80, 2000, { minAccuracy: 0.7 })],
    [1040, asksMany('other', 150, 80, 2000)],
  ], 20_000)
  const { served } = story.tally('asks')
  assert.ok(served > 20, `${served}`)
  for (let i = 0; i < 150; i++) {
    const { answer } = story.simulation.answers.get(`asks${i}`)![0]!
    if (answer.ok) assert.ok(answer.accuracy >= 0.7, `${answer.accuracy}`)
    else assert.ok(['infeasible_deadline', 'deadline_exceeded'].includes(answer.reason))
  }
})

Deno.test('A minimum accuracy that every path keeps changes nothing for its queries', () => {
  const story = play({ children: 2 }, [
    [0, joins('a'), joins('b')],
    [1000, asksMany('asks', 150, 80, 2000, { minAccuracy: 0.42 })],
    [1040, asksMany('other', 150, 80, 2000)],
  ], 20_000)
  assert.equal(story.tally().served, 300)
  const [asking, others] = [story.accuracy('asks'), story.accuracy('other')]
  assert.ok(Math.abs(asking - others) < 0.03, `${asking} and ${others}`)
})

Deno.test('A minimum accuracy that only a forbidden variant reaches is refused until that is allowed', () => {
  const story = play({ children: 2 }, [
    [0, joins('a')],
    [500, rules('forbidden ocr read big')],
    [1000, asks('much', 5000, { minAccuracy: 0.8 }), asks('right', 5000, { minAccuracy: 0.72 })],
    [7000, rules()],
    [8000, asks('again', 5000, { minAccuracy: 0.8 })],
  ], 14_000)
  const { reason, message, retryAfterMs } = story.refused('much')
  assert.equal(reason, 'no_capable_node')
  assert.match(message, /has 0.72 at best/)
  assert.equal(retryAfterMs, undefined)
  story.served('right')
  story.served('again')
})

Deno.test('A variant slower than the SLO serves queries with more time that ask for its accuracy', () => {
  const story = play({ children: 2 }, [
    [0, joins('a', { slowness: 60 })],
    [1000, asksMany('usual', 60, 2000, ocr.sloMs)],
    [60_000, asks('q', 60_000, { minAccuracy: 0.81 })],
    [125_000, asks('short', ocr.sloMs)],
  ], 135_000)
  assert.equal(story.served('q').accuracy, 0.81)
  assert.ok(story.served('short').accuracy < 0.81)
})
