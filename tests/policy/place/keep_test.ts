import assert from 'node:assert/strict'
import fc from 'fast-check'
import { match } from '../../../src/policy/place/matching.ts'
import { place as params } from '../../../src/policy/place/params.ts'
import { place } from '../../../src/policy/place/place.ts'
import type { Problem } from '../../../src/policy/place/problem.ts'
import { assertHolds } from './carries.ts'
import { few } from '../../exhaustive.ts'
import { carryOut, emptySlots, holdingOf, keyOf } from './pool.ts'
import { makeProblem } from './problems.ts'

const withRate = (problem: Problem, factor: number): Problem => ({
  ...problem,
  pipelines: problem.pipelines.map((one) => ({ ...one, ratePerS: one.ratePerS * factor })),
})

/** The problem as it stands once a placement of it was brought about. */
function inHand(problem: Problem): Problem {
  const placement = place(problem)
  return {
    ...problem,
    holding: holdingOf(carryOut(placement, emptySlots(placement), 100).at(-1)!.slots),
  }
}

const totals = (placement: ReturnType<typeof place>) => {
  const counts = new Map<string, number>()
  for (const { class: name, sets, standbySets } of placement.classes) {
    for (const { variants, slots } of [...sets, ...standbySets]) {
      const key = `${name} ${variants.map(keyOf).sort().join()}`
      counts.set(key, (counts.get(key) ?? 0) + slots)
    }
  }
  return counts
}

Deno.test('place() keeps what is held when nothing changed, and claims no more for it', () => {
  fc.assert(
    fc.property(fc.gen().map(makeProblem), (problem) => {
      const held = inHand(problem)
      const again = place(held)
      assertHolds(held, again)
      if (again.slots === 0) return
      assert.equal(again.kept, true)
      const before = new Map<string, number>()
      for (const { class: name, sets } of held.holding!) {
        for (const { variants, slots } of sets) {
          const key = `${name} ${variants.map(keyOf).sort().join()}`
          before.set(key, (before.get(key) ?? 0) + slots)
        }
      }
      for (const { class: name, sets } of again.classes) {
        for (const { variants, slots } of sets) {
          const key = `${name} ${variants.map(keyOf).sort().join()}`
          assert.ok(slots <= (before.get(key) ?? 0), `${key}: ${slots} of ${before.get(key)}`)
        }
      }
    }),
    { seed: 40, numRuns: few(40, 80), endOnFailure: true },
  )
})

/** Two tasks, a quick and an accurate variant each, on slots that hold one. */
function chain(ratePerS: number): Problem {
  const able = (task: string, variant: string, ms: number) => ({
    ...{ pipeline: 'p', task, variant, memoryBytes: 1 },
    points: [1, 2, 4].map((batch) => ({ batch, latencyMs: ms * (0.4 + 0.6 * batch) })),
  })
  const variants = (child?: string) => {
    const fanOut = child === undefined ? {} : { [child]: 2 }
    return { quick: { accuracy: 0.8, fanOut }, fine: { accuracy: 1, fanOut } }
  }
  return {
    pipelines: [{
      ...{ name: 'p', weight: 1, sloMs: 1000, ratePerS, root: 'a' },
      tasks: {
        a: { next: ['b'], variants: variants('b') },
        b: { next: [], variants: variants() },
      },
    }],
    classes: [{
      ...{ name: 'c', slots: 20, dutySum: 20, networkMs: 2, memoryBytes: 1 },
      able: [
        ...[able('a', 'quick', 10), able('a', 'fine', 50)],
        ...[able('b', 'quick', 5), able('b', 'fine', 40)],
      ],
    }],
  }
}

Deno.test('place() lets go of what is held when it no longer carries the demand', () => {
  const held = inHand(chain(20))
  assert.equal(place(held).kept, true)
  const more = { ...chain(400), holding: held.holding! }
  const placement = place(more)
  assertHolds(more, placement)
  assert.equal(placement.mode, 'accuracy')
  assert.equal(placement.kept, false)
  assert.ok(placement.served[0]!.share > 1 - 1e-4)
})

Deno.test('place() changes few slots for a little more demand', () => {
  const held = inHand(chain(100))
  const before = totals(place(held))
  const after = totals(place({ ...chain(112), holding: held.holding! }))
  let changed = 0
  for (const [key, slots] of after) changed += Math.max(0, slots - (before.get(key) ?? 0))
  assert.ok(changed <= 4, `${changed} slots change`)
})

Deno.test('place() answers when there is nothing to place, or nothing to place it on', () => {
  const problem = chain(10)
  for (
    const [pipelines, classes] of [[[], []], [problem.pipelines, []], [
      [],
      problem.classes,
    ]] as const
  ) {
    const placement = place({ pipelines: [...pipelines], classes: [...classes] })
    assert.equal(placement.mode, 'saturated')
    assert.equal(placement.slots, 0)
    assert.ok(placement.reason.length > 0)
  }
  const hopeless = chain(10)
  hopeless.pipelines[0]!.sloMs = 1
  assert.deepEqual(place(hopeless).served, [{ pipeline: 'p', share: 0, accuracy: 0 }])
})

Deno.test('place() moves nothing for a gain that is less than what the moves cost', () => {
  const problem = chain(315)
  const held = inHand(problem)
  const before = totals(place(problem))
  const changesAt = (movePrice: number, atRisk = 0) => {
    const usual = params.movePrice
    params.movePrice = movePrice
    let count = 0
    for (const [key, slots] of totals(place({ ...withRate(held, 0.95), atRisk }))) {
      count += Math.max(0, slots - (before.get(key) ?? 0))
    }
    params.movePrice = usual
    return count
  }
  assert.equal(changesAt(0.05), 0)
  // What nodes that come and go would have changed again.
  assert.equal(changesAt(1e-6, 0.5), 0)
  assert.ok(changesAt(1e-6) > 0)
  assert.ok(changesAt(0) > 0, 'there is something to gain')
})

Deno.test('place() says what to change first, and match() does so', () => {
  const held = inHand(chain(60))
  const more: Problem = { ...chain(500), holding: held.holding! }
  const placement = place(more)
  const { first } = placement
  assert.ok(first.length > 0)
  assert.deepEqual(place({ ...chain(60), holding: held.holding! }).first, [], 'all is in place')
  const slots = held.holding!.flatMap(({ class: name, sets }) =>
    sets.flatMap(({ variants, slots }) =>
      Array.from({ length: slots }, (_, i) => ({
        ...{ id: `${keyOf(variants[0]!)} ${i}`, node: `${keyOf(variants[0]!)} ${i}` },
        ...{ class: name, held: variants, awake: true },
      }))
    )
  )
  const { moves } = match(placement, slots, { maxMoves: 1 })
  assert.equal(moves.length, 1)
  assert.deepEqual(moves[0]!.load, first[0]!.to)
  assert.deepEqual(moves[0]!.slot.held, first[0]!.from)
})

Deno.test('place() has as few slots change together as what the others carry asks for', () => {
  /** A pool that holds enough for this demand and is to change for a little less. */
  const atOnce = (ratePerS: number) => {
    const quick = inHand(chain(800))
    return place({ ...chain(ratePerS), holding: quick.holding! }).atOnce!
  }
  assert.ok(atOnce(300) > 3, 'with time to spare several load at one time')
  assert.equal(atOnce(740), 1, 'where all are needed each that loads is missed')
})

Deno.test('place() does not change half of what a busy pool holds to have a few slots rest', () => {
  const MS = { a: { quick: 8, fine: 30 }, b: { quick: 4, fine: 18 } }
  /** The chain on quick and slow nodes, with a peak that is a quarter more. */
  const unlike = (perS: number): Problem => {
    const { pipelines: [pipeline], classes: [one] } = chain(perS)
    return {
      pipelines: [{ ...pipeline!, sloMs: 300, peakPerS: 1.25 * perS }],
      classes: [['quick', 1] as const, ['slow', 2] as const].map(([name, times]) => ({
        ...one!,
        ...{ name, slots: 12, dutySum: 12 },
        able: one!.able.map((able) => ({
          ...able,
          points: [1, 2, 4].map((batch) => ({
            batch,
            latencyMs: times * (0.4 + 0.6 * batch) *
              MS[able.task as 'a' | 'b'][able.variant as 'quick' | 'fine'],
          })),
        })),
      })),
    }
  }
  for (let perS = 200; perS < 400; perS += 10) {
    const held = inHand(unlike(perS))
    const before = totals(place(held))
    const less = place({ ...unlike(0.95 * perS), holding: held.holding! })
    let moves = 0
    for (const [key, slots] of totals(less)) moves += Math.max(0, slots - (before.get(key) ?? 0))
    assert.ok(moves <= 6, `${moves} of 24 slots change as ${perS} queries a second fall by 5 %`)
  }
})
