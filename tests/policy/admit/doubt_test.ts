/** A pool that was slowed for a while, whose queries have less time than it then seems to need. */
import assert from 'node:assert/strict'
import { createDoubt } from '../../../src/policy/admit/doubt.ts'
import { Profile } from '../../../src/policy/estimate/profile.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { pipeline } from '../../../src/bench/trust/trust_lies.ts'

Deno.test('doubt lowers an estimate down to the measured speed and distance, not further', () => {
  const shapes = shapesOf([pipeline])
  const [task] = shapes.pipelines.get(pipeline.name)!.tasks
  const [variant, other] = task!.variants
  const profile = new Profile()
  profile.roundTrip('a', 4)
  for (const one of [variant!, other!]) {
    profile.measured('a', one, [{ batch: 1, latencyMs: 20 }])
    for (let i = 0; i < 20; i++) profile.ran('a', one, 1, 100)
  }
  for (let i = 0; i < 40; i++) profile.sent('a', task!, 200)
  const slowMs = profile.meanMs('a', variant!, 1)
  assert.ok(slowMs > 80, `${slowMs} ms`)
  profile.doubt([variant!])
  const halfMs = profile.meanMs('a', variant!, 1)
  assert.ok(halfMs < 0.6 * slowMs && halfMs > 0.4 * slowMs, `${halfMs} ms`)
  const awayMs = profile.networkMs('a', task!)
  profile.doubt([variant!, other!])
  assert.ok(
    Math.abs(profile.networkMs('a', task!) - awayMs / 2) < 1e-6,
    'once, not for each variant',
  )
  for (let i = 0; i < 10; i++) profile.doubt([variant!])
  assert.ok(Math.abs(profile.meanMs('a', variant!, 1) - 20) < 1e-6)
  assert.equal(profile.networkMs('a', task!), 4)
  // After a single doubt the estimate is half as slow.
  assert.ok(Math.abs(profile.meanMs('a', other!, 1) - slowMs / 2) < 1e-6)
})

Deno.test("a refusal causes doubt after a pause without queries, if the query's time is usual", () => {
  const shape = shapesOf([pipeline]).pipelines.get(pipeline.name)!
  const { sloMs } = pipeline
  const doubt = createDoubt()
  assert.ok(!doubt.refused(shape, 2 * sloMs, sloMs, 1, 0), 'something is inside')
  assert.ok(!doubt.refused(shape, sloMs / 2, sloMs, 0, 0), 'it is not for what it takes')
  assert.ok(!doubt.refused(shape, sloMs / 2, sloMs / 20, 0, 0), 'nobody could do that')
  assert.ok(doubt.refused(shape, 50 * sloMs, sloMs, 0, 0))
  assert.ok(!doubt.refused(shape, 50 * sloMs, sloMs, 0, 200), 'it was a moment ago')
  assert.ok(doubt.refused(shape, 2 * sloMs, sloMs, 0, 300))
  doubt.ended(shape, 0, undefined, 3000)
  assert.ok(!doubt.refused(shape, 2 * sloMs, sloMs, 0, 3200), 'something ran')
  assert.ok(doubt.refused(shape, sloMs / 5, sloMs / 20, 0, 3300))
})

Deno.test('a wrong doubt doubles the pause before the next, until a query is in time', () => {
  const shape = shapesOf([pipeline]).pipelines.get(pipeline.name)!
  const { sloMs } = pipeline
  const doubt = createDoubt()
  let nowMs = 0
  /** ms from the end of a query until the next doubt. */
  const waited = (ended: number) => {
    for (nowMs = ended; nowMs < ended + 60_000; nowMs += 50) {
      if (doubt.refused(shape, 2 * sloMs, sloMs, 0, nowMs)) return nowMs - ended
    }
    return Infinity
  }
  const after = (inTime?: boolean) => {
    doubt.ended(shape, 0, inTime, nowMs += 100)
    return waited(nowMs)
  }
  assert.equal(waited(0), 0)
  assert.deepEqual([1, 2, 3, 4, 5, 6].map(() => after(false)), [500, 1000, 2000, 4000, 8000, 8000])
  assert.equal(after(), 8000, 'it was called off: it shows nothing')
  assert.equal(after(true), 250)
  assert.equal(waited(nowMs + 250), 0, 'none was let in: it is doubted as soon again')
  doubt.ended(shape, 1, false, nowMs)
  doubt.ended(shape, 0, false, nowMs)
  assert.equal(waited(nowMs), 500, 'once, however many were too late')
})
