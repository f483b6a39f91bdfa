/** How the live bench counts: what is a violation, how sure that is, what counts as capacity. */
import assert from 'node:assert/strict'
import type { Asked } from '../../demo/load/types.ts'
import { fanOutSpreadOf, grownBy } from '../../src/bench/live/observe.ts'
import { paced } from '../../src/bench/live/pace.ts'
import { rowOf } from '../../src/bench/live/rows.ts'
import { jumpOf, stairs, stepAt, stepsOf, traceOf } from '../../src/bench/live/steps.ts'
import { profileGiver } from '../../src/bench/live/profile.ts'
import { wilson } from '../../src/cli/statistics.ts'
import type { PolicyEvent, Scheduler } from '../../src/policy/core/types.ts'

const asked = (status: number, latencyMs: number, dueMs = 0): Asked => ({
  ...{ query: 0, dueMs, sentMs: dueMs, latencyMs, status },
  ...(status === 200 ? { accuracy: 0.9 } : {}),
})

Deno.test('rowOf() counts late answers, refusals and errors as violations', () => {
  const step = { ratePerS: 4, multiple: 2, seconds: 4, fromS: 10 }
  const row = rowOf(
    [
      asked(200, 10, 10_000),
      asked(200, 100, 11_000),
      asked(200, 101, 12_500),
      asked(504, 20, 12_600),
      asked(0, 1, 10_100),
    ],
    step,
    100,
    1.5,
  )
  assert.equal(row.violationRatio, 3 / 5)
  assert.equal(row.accuracy, 0.9)
})

Deno.test('rowOf() takes the 95th percentile of all that were asked, who got no result as the last', () => {
  const step = { ratePerS: 4, multiple: 2, seconds: 5, fromS: 0 }
  const p95Of = (...last: Asked[]) =>
    rowOf([...Array.from({ length: 18 }, () => asked(200, 10)), ...last], step, 100, 1).p95Ms
  assert.equal(p95Of(asked(200, 20), asked(200, 300)), 20)
  assert.equal(p95Of(asked(200, 300), asked(503, 1)), 300)
  assert.equal(p95Of(asked(503, 1), asked(504, 101)), null)
  const { p95Ms, accuracy } = rowOf([], step, 100, 1)
  assert.deepEqual([p95Ms, accuracy], [null, null])
})

Deno.test('stepsOf() gives each step its queries, fewer where all would take too long', () => {
  const { steps, queries } = stepsOf([0.5, 1, 2, 0.5, 2], 20, 1000, 1000)
  assert.equal(queries, 1000)
  for (const { ratePerS, seconds } of steps) assert.ok(ratePerS * seconds >= 1000)
  assert.deepEqual([stairs(steps), jumpOf(steps)], [3, 4])
  const trace = traceOf(steps)
  for (const [i, { fromS, seconds, ratePerS }] of steps.entries()) {
    assert.equal(trace.rates[fromS], ratePerS)
    assert.equal(stepAt(steps, fromS + seconds - 0.01), i)
  }
  const short = stepsOf([0.5, 1, 2], 20, 1000, 50)
  assert.ok(short.queries < 1000)
  const last = short.steps.at(-1)!
  // Each in whole seconds.
  assert.ok(last.fromS + last.seconds <= 50 + short.steps.length, `${last.fromS + last.seconds}`)
  assert.ok(last.fromS + last.seconds > 45, 'as many as there is time for')
})

Deno.test("wilson() gives the score interval of Wilson's paper", () => {
  const [low, high] = wilson(0, 200)
  assert.equal(low, 0)
  assert.ok(Math.abs(high - 0.01885) < 1e-4, String(high))
  const [some, more] = wilson(10, 100)
  assert.ok(Math.abs(some - 0.0552) < 1e-4 && Math.abs(more - 0.1744) < 1e-4, `${some} ${more}`)
})

Deno.test('profileGiver() tells of a profile as its node joins, and of none later', () => {
  const heard: PolicyEvent[] = []
  const plain = {
    handle(event: PolicyEvent) {
      heard.push(event)
      return []
    },
  } as unknown as Scheduler
  const ref = { pipeline: 'p', task: 't', variant: 'v' }
  const points = [{ batch: 1, latencyMs: 7 }]
  const given = profileGiver({ one: { 'p/t/v': { ...ref, points } } })(plain)
  given.handle({ type: 'node_joined', node: 'one', slots: 1, duty: 1, able: [ref] }, 0)
  given.handle({ type: 'node_reported', node: 'one', paused: true, profile: [] }, 1)
  assert.deepEqual(heard.slice(1), [
    { type: 'node_reported', node: 'one', profile: [{ ...ref, points }] },
    { type: 'node_reported', node: 'one', paused: true },
  ])
})

Deno.test('paced() tells a busy step from a slow variant by the few batches that link the two', () => {
  const times = (variant: string, step: number, times: number, count: number) =>
    Array.from({ length: count }, () => ({ variant, step, profileMs: 10, times }))
  // One batch of the quick variant ran in the quiet step, beside the four of the dear one.
  const { slowness, pace } = paced(
    [
      ...times('dear', 0, 1, 4),
      ...times('quick', 0, 2, 1),
      ...times('quick', 1, 4, 4),
    ],
    2,
  )
  assert.ok(Math.abs(pace[1]! / pace[0]! - 2) < 1e-6, `${pace}`)
  assert.ok(Math.abs(slowness['quick']! / slowness['dear']! - 2) < 1e-6)
  assert.ok(Math.abs(slowness['quick']! * pace[1]! - 4) < 1e-6)
})

Deno.test('paced() has all batches of a step take together what they took, but for what befell one', () => {
  const batch = (step: number, times: number, profileMs = 10) => (
    { variant: 'quick', step, profileMs, times }
  )
  const { slowness, pace } = paced(
    [
      // More than three times as long is nobody's pace.
      ...[1, 1, 1, 1, 50].map((times) => batch(0, times)),
      // The one that took twice as long is a long one.
      ...[...[1, 1, 1].map((times) => batch(1, times)), batch(1, 2, 70)],
    ],
    3,
  )
  const levels = pace.map((one) => one * slowness['quick']!)
  assert.ok(Math.abs(levels[0]! - 7 / 5) < 1e-9, `${levels}`)
  assert.ok(Math.abs(levels[1]! - 1.7) < 1e-9, `${levels}`)
  assert.equal(pace[2], 1, 'a step without batches is usual')
})

Deno.test('fanOutSpreadOf() is 0 for pictures that are all alike, and 1 for counts by chance', () => {
  assert.equal(fanOutSpreadOf([[2, 2, 2], [5, 5]]), 0)
  assert.equal(fanOutSpreadOf([]), 1)
  assert.equal(fanOutSpreadOf([[0, 0]]), 1)
  // Each variant around its own mean: squares of 2 and 18 where chance makes 4 and 16.
  assert.ok(Math.abs(fanOutSpreadOf([[1, 3], [4, 4, 1, 7]]) - 1) < 1e-12)
})

Deno.test('grownBy() says of each size that ran often enough how much longer than one item it took', () => {
  const ran = (variant: string, size: number, times: number, count: number, oneMs = 10) =>
    Array.from({ length: count }, () => ({ variant, size, oneMs, times }))
  const grown = grownBy([
    // Of the longer ones twice as much of the time.
    ...ran('find/a', 2, 1.5, 4),
    ...ran('find/a', 2, 1.8, 2, 40),
    // One was held up.
    ...ran('find/a', 4, 3, 9),
    ...ran('find/a', 4, 300, 1),
    ...ran('name/b', 2, 1.2, 4),
  ])
  assert.ok(Math.abs(grown['find/a']![2]! - 1.7) < 1e-9, JSON.stringify(grown))
  assert.ok(Math.abs(grown['find/a']![4]! - 3.9) < 1e-9, JSON.stringify(grown))
  assert.deepEqual(Object.keys(grown), ['find/a'])
})
