import assert from 'node:assert/strict'
import {
  createAwake,
  hasTimeLeft,
  slotsFor,
  withAwake,
} from '../../../src/policy/frontier/awake.ts'
import { slackOf } from '../../../src/policy/frontier/mix.ts'
import type { FrontierProblem } from '../../../src/policy/frontier/problem.ts'
import { solveFrontier } from '../../../src/policy/frontier/solve.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { ocr } from '../fixtures.ts'

const shapes = shapesOf([ocr])
/** Nothing waits. */
const IDLE = { lossPerShare: 1, keep: 0.2, queue: 0, planned: 1 }

/** One group of so many slots at the pipeline's reference speed. */
const problemOf = (slots: number, ratePerS: number, aim = 1): FrontierProblem => ({
  groups: [{ key: 'g', class: 'g', slots, duty: slots }],
  services: shapes.variants.map(({ referenceMs }) => [
    { group: 0, costMs: referenceMs!, aloneMs: referenceMs! + 2 },
  ]),
  fanOut: shapes.variants.map(({ fanOut }) => fanOut),
  ratesPerS: [ratePerS],
  aim,
})

function decide(
  awake: ReturnType<typeof createAwake>,
  problem: FrontierProblem,
  nowMs: number,
  state = IDLE,
) {
  return awake.decide(shapes, problem, solveFrontier(shapes, problem)!, state, nowMs).get('g')!
}

Deno.test('slots beyond the load: fewer with more time to wait, as many for any load', () => {
  const lumps = { workMs: 100, sloMs: 1000, lossPerShare: 0 }
  assert.equal(slotsFor(0, { ...lumps, slackMs: 200 }, 1), 0)
  const beyond = (load: number, slackMs: number) => slotsFor(load, { ...lumps, slackMs }, 1) - load
  assert.ok(beyond(10, 20) > beyond(10, 200))
  assert.equal(beyond(100, 20), beyond(10, 20))
  assert.equal(beyond(10, 10_000), 1)
})

Deno.test('slots beyond the load: what the aim keeps back where that is more', () => {
  const lumps = { workMs: 100, slackMs: 10_000, sloMs: 20_000, lossPerShare: 1 }
  assert.equal(slotsFor(14, lumps, 0.7), 20)
  assert.equal(slotsFor(14, lumps, 1.2), 15)
})

Deno.test('slots beyond the load: more where working off a queue costs more accuracy', () => {
  const slots = (lossPerShare: number) =>
    slotsFor(5, { workMs: 100, slackMs: 100, sloMs: 250, lossPerShare }, 1)
  assert.ok(slots(0.05) < slots(1), `${slots(0.05)} and ${slots(1)}`)
})

Deno.test('the mix is made for the awake slots where more are not needed', () => {
  const problem = problemOf(8, 5)
  const full = solveFrontier(shapes, problem)!
  assert.equal(hasTimeLeft(full, problem), true)
  assert.equal(withAwake(problem, new Map([['g', 3]])).groups[0]!.duty, 3)
  // None are to be made for nothing, and where all are awake it is the same problem.
  assert.equal(withAwake(problem, new Map([['g', 0]])), problem)
  assert.equal(withAwake(problem, new Map([['g', 8]])), problem)
  const busy = problemOf(8, 100)
  assert.equal(hasTimeLeft(solveFrontier(shapes, busy)!, busy), false)
})

Deno.test('where a group has fewer slots than it needs no other rests', () => {
  const one = problemOf(1, 4)
  const problem: FrontierProblem = {
    ...one,
    groups: [...one.groups, { key: 'slow', class: 'slow', slots: 5, duty: 5 }],
    services: one.services.map(([own]) => [own!, {
      ...{ group: 1, costMs: 3 * own!.costMs, aloneMs: 3 * own!.aloneMs },
    }]),
  }
  // Nearly all the time of the quick one.
  const mix = solveFrontier(shapes, problem)!
  const awake = createAwake().decide(shapes, problem, mix, IDLE, 0)
  assert.deepEqual([...awake], [['g', 1], ['slow', 5]])
})

Deno.test('slack is what the deadline leaves after the way that the mix goes', () => {
  const problem = problemOf(8, 5)
  const mix = solveFrontier(shapes, problem)!
  // The best path alone: its reference latencies, and 2 ms to each of the two nodes.
  const [find, name] = shapes.pipelines.get('ocr')!.tasks.map(({ variants }) =>
    variants.reduce((a, b) => b.accuracy > a.accuracy ? b : a).referenceMs!
  )
  const expectedMs = ocr.sloMs - find! - name! - 4
  assert.ok(Math.abs(slackOf(shapes, problem, mix) - expectedMs) < 1e-6)
})

Deno.test('awake slots follow the mean load; a jump counts at once, up and down', () => {
  const awake = createAwake()
  let nowMs = 0
  const during = (ratePerS: number, forMs: number) => {
    const seen: number[] = []
    for (const endMs = nowMs + forMs; nowMs < endMs; nowMs += 100) {
      seen.push(decide(awake, problemOf(20, ratePerS), nowMs))
    }
    return seen
  }
  const [usual] = during(10, 10_000)
  const risen = during(11, 5000)
  assert.equal(risen[0], usual, 'a little more for a moment calls nobody')
  const [jumped] = during(30, 100)
  assert.ok(jumped! >= 2 * usual!, `${usual} and ${jumped}`)
  const [fallen] = during(10, 100)
  assert.equal(fallen, usual)
})

Deno.test('nobody goes to rest before a queue is worked off, and a long one calls more', () => {
  const awake = createAwake()
  const busy = decide(awake, problemOf(20, 50), 0)
  assert.ok(busy > 10, `${busy} of 20`)
  // Hardly anybody comes any more, but what is inside takes a fifth of an SLO.
  const queue = (share: number, planned: number) => ({ ...IDLE, queue: share, planned })
  assert.equal(decide(awake, problemOf(20, 1), 200, queue(0.2, busy)), busy)
  const few = decide(awake, problemOf(20, 1), 400, queue(0.05, busy))
  assert.ok(few < 4, `${few} of 20`)
  // What takes these few two SLOs is too much for them; for the others together it is little.
  const more = decide(awake, problemOf(20, 1), 600, queue(2, few))
  assert.ok(more >= 2 * few && more < 20, `${more} after ${few}`)
  assert.equal(decide(awake, problemOf(20, 1), 800, queue(10, few)), 20)
})

Deno.test('no more slots are to take part than there are, however much is asked and waits', () => {
  for (const ratePerS of [5, 30, 300]) {
    for (const queue of [0, 1, 100]) {
      const slots = decide(createAwake(), problemOf(8, ratePerS), 0, { ...IDLE, queue, planned: 8 })
      assert.ok(slots > 0 && slots <= 8, `${slots} at ${ratePerS}/s with ${queue} SLOs`)
    }
  }
})

Deno.test('what is needed is the mean of ten seconds, but at once what a jump asks for', () => {
  const many = (ratePerS: number) => problemOf(400, ratePerS)
  const fresh = (ratePerS: number) => decide(createAwake(), many(ratePerS), 0)
  const awake = createAwake()
  let nowMs = 0
  const lasting = (ratePerS: number, seconds: number) => {
    let slots = NaN
    for (const endMs = nowMs + seconds * 1000; nowMs < endMs; nowMs += 200) {
      slots = decide(awake, many(ratePerS), nowMs)
    }
    return slots
  }
  assert.equal(lasting(200, 60), fresh(200))
  const between = lasting(170, 5)
  assert.ok(between < fresh(200) && between > fresh(170), `${between}`)
  assert.equal(lasting(170, 6), fresh(170))
  assert.equal(lasting(300, 0.2), fresh(300))
  assert.equal(lasting(120, 0.2), fresh(120))
})
