import assert from 'node:assert/strict'
import { createCounters } from '../../../src/policy/state/counters.ts'
import { createFanOut } from '../../../src/policy/estimate/fanout.ts'
import { drainFactor, drainLevel } from '../../../src/policy/frontier/drain.ts'
import { solveFrontier } from '../../../src/policy/frontier/solve.ts'
import { createQuery } from '../../../src/policy/state/query.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { createUpcoming } from '../../../src/policy/frontier/upcoming.ts'
import { createWaiting } from '../../../src/policy/state/waiting.ts'
import { ocr, single } from '../fixtures.ts'

const SLOTS = 2
const SLO_MS = ocr.sloMs

/** The best way of `ocr` takes 160 ms and four times 40; two slots carry 6.25 queries/s of it. */
function inside(pipelines = [ocr]) {
  const shapes = shapesOf(pipelines)
  const mix = solveFrontier(shapes, {
    groups: [{ key: 'all', class: 'all', slots: SLOTS, duty: SLOTS }],
    services: shapes.variants.map(({ referenceMs }) => [
      { group: 0, costMs: referenceMs!, aloneMs: referenceMs! },
    ]),
    fanOut: shapes.variants.map(({ fanOut }) => [...fanOut]),
    ratesPerS: pipelines.map(() => 2),
    aim: 1,
  })!
  const waiting = createWaiting(shapes)
  const running: number[] = []
  const upcoming = createUpcoming({ shapes, waiting, fanOut: createFanOut(), running })
  upcoming.adopt(mix)
  let seq = 0
  return {
    shapes,
    mix,
    upcoming,
    running,
    arrive(name = 'ocr', deadlineMs = 5000) {
      const shape = shapes.pipelines.get(name)!
      const given = { id: `q${seq}`, seq: seq++, shape, deadlineMs, payload: null }
      const query = createQuery(
        { ...given, minAccuracy: undefined, laxityMs: 4000, dueMs: deadlineMs, lesson: 1 },
        0,
      )
      waiting.add(query.root, 0)
      return query.root
    },
    begin: (item: ReturnType<typeof createQuery>['root']) => waiting.remove(item),
  }
}

const near = (value: number, expected: number) =>
  assert.ok(Math.abs(value - expected) < 1e-6, `${value}, not ${expected}`)

Deno.test('a mix says what an item of each task takes of the pool, with all that follows', () => {
  const { shapes, mix } = inside()
  const [detect, read] = shapes.pipelines.get('ocr')!.tasks.map(({ index }) => mix.taskMs[index]!)
  near(detect!, (160 + 4 * 40) / SLOTS)
  near(read!, 40 / SLOTS)
})

Deno.test('what waits counts with all that follows from it', () => {
  const { upcoming, arrive } = inside()
  near(upcoming.shares(0), 0)
  arrive()
  arrive()
  near(upcoming.shares(0), 2 * (160 + 4 * 40) / SLOTS / SLO_MS)
})

Deno.test('what batches will hand on counts as far as it is more or less than usual', () => {
  const { shapes, upcoming, running, arrive, begin } = inside()
  const large = shapes.find({ pipeline: 'ocr', task: 'detect', variant: 'large' })!
  near(upcoming.shares(0), 0)
  const root = arrive()
  begin(root)
  running[large.index] = 1
  const handedOn = 4 * 40 / SLOTS / SLO_MS
  near(upcoming.shares(0), handedOn)
  // After a while that much is usual, and its end leaves less to come than usual.
  near(upcoming.shares(60_000), 0)
  running[large.index] = 0
  near(upcoming.shares(60_000), -handedOn)
  near(upcoming.shares(120_000), 0)
})

Deno.test('the work of each pipeline is measured by the time that its own queries have', () => {
  const { upcoming, arrive } = inside([ocr, single])
  const ocrMs = (160 + 4 * 40) / SLOTS
  const singleMs = 100 / SLOTS
  arrive('ocr')
  near(upcoming.shares(0), ocrMs / SLO_MS)
  arrive('single', 1000)
  near(upcoming.shares(0), ocrMs / SLO_MS + singleMs / single.sloMs)
  // Most of its time gone, it will stand before what comes with less.
  near(upcoming.shares(3800), ocrMs / 1200 + singleMs / single.sloMs)
  // And not for more than if all of it had come with the shortest SLO.
  near(upcoming.shares(4900), ocrMs / single.sloMs + singleMs / single.sloMs)
})

Deno.test('what waits of a pipeline alone counts by its SLO, however little time is left', () => {
  const { upcoming, arrive } = inside()
  arrive()
  near(upcoming.shares(4900), (160 + 4 * 40) / SLOTS / SLO_MS)
})

Deno.test('the longer what is to come, the less is planned with, within bounds', () => {
  const factors = [-1, 0.06, 0.1, 0.2, 0.3, 2].map((queue) => drainFactor(drainLevel(queue)))
  assert.deepEqual(factors.map((factor) => Number(factor.toFixed(2))), [
    1.3,
    1.12,
    1,
    0.9,
    0.8,
    0.6,
  ])
})

Deno.test('a query tells the aim that time lowered it, by the share of its items', () => {
  const counters = createCounters(shapesOf([ocr]))
  const tightOf = (slack: number, lowered: number) => {
    counters.served('ocr', 0.8, slack, lowered)
    return counters.report()[0]!.tight
  }
  assert.equal(tightOf(0.5, 0), 0)
  assert.equal(tightOf(0.05, 0), 1)
  assert.ok(tightOf(0.5, 0.2) > 0)
  assert.ok(tightOf(0.5, 1) > tightOf(0.5, 0.2))
  assert.ok(tightOf(0.5, 1) < 1)
})
