import assert from 'node:assert/strict'
import fc from 'fast-check'
import { match } from '../../../src/policy/place/matching.ts'
import { place } from '../../../src/policy/place/place.ts'
import type { PlacedMove, Placement } from '../../../src/policy/place/problem.ts'
import type { VariantRef } from '../../../src/policy/core/types.ts'
import { carryOut, emptySlots, keyOf, lacking, type TestSlot } from './pool.ts'
import { makeProblem } from './problems.ts'
import { few } from '../../exhaustive.ts'

const problems = fc.gen().map(makeProblem)
const refs = (...names: string[]): VariantRef[] =>
  names.map((name) => ({ pipeline: 'p', task: name.slice(0, 1), variant: name }))

/** A placement of one class, by the sets of its awake slots. */
function placementOf(sets: [slots: number, ...variants: string[]][], resting = 0): Placement {
  const awake = sets.reduce((sum, [slots]) => sum + slots, 0)
  return {
    ...place({ pipelines: [], classes: [] }),
    classes: [{
      ...{ class: 'c', awake, standby: 0, resting, standbySets: [] },
      sets: sets.map(([slots, ...names]) => ({ slots, variants: refs(...names) })),
    }],
  }
}

const move = (from: string, to: string, more: Partial<PlacedMove> = {}): PlacedMove => ({
  ...{ class: 'c', from: refs(from), to: refs(to), slots: 1, had: 0 },
  ...more,
})

const slot = (id: string, held: string[], more: Partial<TestSlot> = {}): TestSlot => ({
  ...{ id, node: `node-${id}`, class: 'c', held: refs(...held), awake: true },
  ...more,
})

Deno.test('match() leaves a slot the set it already holds if a set asks for it', () => {
  const slots = [slot('1', ['a1']), slot('2', ['b1']), slot('3', ['a2'])]
  const placement = placementOf([[1, 'a2'], [1, 'a1'], [1, 'b1']])
  const { moves, targets } = match(placement, slots, { maxMoves: 3 })
  assert.deepEqual(moves, [])
  assert.deepEqual([...targets.values()].map(([one]) => one!.variant), ['a1', 'b1', 'a2'])
})

Deno.test('match() changes only as many slots as the sets differ by', () => {
  const held = ['a1', 'a1', 'a1', 'b1', 'b1', 'b1']
  const slots = held.map((name, i) => slot(`${i}`, [name]))
  const { moves } = match(placementOf([[2, 'a1'], [1, 'a2'], [3, 'b1']]), slots, { maxMoves: 9 })
  assert.equal(moves.length, 1)
  assert.deepEqual(moves[0]!.load, refs('a2'))
  assert.deepEqual(moves[0]!.unload, [], 'the old one stays until the new one is warm')
})

Deno.test('match() does not unload the last holder of a variant from a slot without room for two', () => {
  const slots = [slot('1', ['a1'], { tight: true }), slot('2', ['b1'], { tight: true })]
  const { moves } = match(placementOf([[1, 'a2'], [1, 'b1']]), slots, { maxMoves: 2 })
  assert.deepEqual(moves, [])
  // One more slot makes it possible.
  const more = [...slots, slot('3', [], { tight: true, awake: false })]
  const last = carryOut(placementOf([[1, 'a2'], [1, 'b1']], 1), more, 2).at(-1)!
  assert.deepEqual(lacking(last), [])
})

Deno.test('match() does not count a loading slot as holder of a task that it will release', () => {
  const loading = slot('1', ['b1'], { loading: refs('a1') })
  const slots = [loading, slot('2', ['b1']), slot('3', ['a1'])]
  const placement = placementOf([[2, 'a1'], [1, 'b2']])
  const steps = carryOut(placement, slots, 3)
  assert.deepEqual(match(placement, slots, { maxMoves: 3 }).moves.map(({ load }) => load), [
    refs('b2'),
  ])
  const others = [loading, slot('2', ['b1']), slot('3', ['a1']), slot('4', ['a1'])]
  const more = placementOf([[3, 'a1'], [1, 'a2']])
  const { moves } = match(more, others, { maxMoves: 3 })
  assert.deepEqual(moves, [], 'the last one with b1 keeps it')
  assert.deepEqual(lacking(steps.at(-1)!), [])
})

Deno.test('match() changes slots to the sets that the schedule weighed, one by one', () => {
  // The only slot with b could become b2 itself; the plan has another slot do that first.
  const placement = placementOf([[2, 'a2'], [1, 'b2']])
  placement.first = [move('a1', 'a2'), move('a1', 'b2'), move('b1', 'a2', { had: 1 })]
  const slots = [slot('1', ['a1']), slot('2', ['a1']), slot('3', ['b1'])]
  const steps = carryOut(placement, slots, 1)
  assert.deepEqual(steps.flatMap(({ assignment: { moves } }) => moves.flatMap((m) => m.load)), [
    ...refs('a2', 'b2', 'a2'),
  ])
  assert.deepEqual(lacking(steps.at(-1)!), [])
  for (const { slots } of steps) {
    const idle = slots.filter(({ loading = [] }) => loading.length === 0)
    assert.ok(idle.some(({ held }) => held.some(({ task }) => task === 'b')))
  }
})

Deno.test('match() gives equal moves as many turns as the schedule has for them, in its order', () => {
  const placement = placementOf([[1, 'a1'], [3, 'a2'], [1, 'b1'], [2, 'b2']])
  placement.first = [
    move('a1', 'a2'),
    move('b1', 'b2', { slots: 2 }),
    move('a1', 'a2', { slots: 2, had: 1 }),
  ]
  const held = ['a1', 'a1', 'a1', 'a1', 'b1', 'b1', 'b1']
  const slots = held.map((name, i) => slot(`${i}`, [name]))
  const loads = (most: number) =>
    carryOut(placement, slots, most).map(({ assignment: { moves } }) =>
      moves.flatMap(({ load }) => load.map(({ variant }) => variant)).join(' ')
    ).filter((names) => names !== '')
  assert.deepEqual(loads(1), ['a2', 'b2', 'b2', 'a2', 'a2'])
  // One of three moves is done at a time.
  assert.deepEqual(loads(3), ['a2 b2 b2', 'a2', 'a2'])
  // A loading slot has had its turn.
  const [first, ...others] = slots
  const { moves } = match(placement, [{ ...first!, loading: refs('a2') }, ...others], {
    maxMoves: 2,
  })
  assert.deepEqual(moves.map(({ load }) => load), [refs('b2')])
})

Deno.test('match() makes a move even if each slot is the last holder of what another needs', () => {
  const slots = [slot('1', ['a1']), slot('2', ['b1'])]
  const crossed = placementOf([[1, 'b2'], [1, 'a2']])
  assert.equal(match(crossed, slots, { maxMoves: 2 }).moves.length, 1)
  assert.deepEqual(lacking(carryOut(crossed, slots, 2).at(-1)!), [])
})

Deno.test('match() reaches any placement, a few slots at a time, without losing a needed variant', () => {
  fc.assert(
    fc.property(problems, fc.double({ min: 0.1, max: 8, noNaN: true }), (problem, change) => {
      const maxMoves = 2
      const first = place(problem)
      const start = carryOut(first, emptySlots(first, 2), 100).at(-1)!.slots
      assertInPlace(first, start)
      const pipelines = problem.pipelines.map((pipeline) => ({
        ...pipeline,
        ratePerS: pipeline.ratePerS * change,
      }))
      const second = place({ ...problem, pipelines })
      const served = new Set(
        start.flatMap(({ held }) => held.map(({ pipeline, task }) => `${pipeline}/${task}`)),
      )
      const steps = carryOut(second, start, maxMoves, 400)
      let before = start
      for (const { slots, assignment } of steps) {
        const busy = slots.filter(({ loading = [] }) => loading.length > 0).length
        const loads = assignment.moves.filter(({ load }) => load.length > 0).length
        assert.ok(busy + loads <= Math.max(maxMoves, busy), 'few at a time')
        const tasks = new Set(
          slots.flatMap(({ held }) => held.map(({ pipeline, task }) => `${pipeline}/${task}`)),
        )
        for (const task of served) assert.ok(tasks.has(task), `a gap at ${task}`)
        // A held variant that the new plan needs keeps a holder.
        const holders = new Set(slots.flatMap(({ held }) => held.map(keyOf)))
        for (const { held } of before) {
          for (const variant of held) {
            const needed = second.classes.some(({ sets }) =>
              sets.some(({ variants }) => variants.some((v) => keyOf(v) === keyOf(variant)))
            )
            if (needed) assert.ok(holders.has(keyOf(variant)), `nobody holds ${keyOf(variant)}`)
          }
        }
        before = slots
      }
      assertInPlace(second, steps.at(-1)!.slots)
    }),
    { seed: 30, numRuns: few(20, 60), endOnFailure: true },
  )
})

/** Every set has its slots, each holding at least its variants. */
function assertInPlace(placement: Placement, slots: readonly TestSlot[]): void {
  const assignment = match(placement, slots, { maxMoves: 100 })
  assert.deepEqual(lacking({ slots: [...slots], assignment }), [])
  assert.ok(assignment.moves.every(({ load }) => load.length === 0))
  for (const { class: name, sets, standbySets } of placement.classes) {
    const own = [...assignment.targets].filter(([slot]) => slot.class === name)
    for (const { variants, slots: count } of [...sets, ...standbySets]) {
      const wanted = variants.map(keyOf).sort().join()
      const have = own.filter(([, target]) => target.map(keyOf).sort().join() === wanted)
      assert.ok(have.length >= count)
    }
  }
}
