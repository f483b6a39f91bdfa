/** Slots that hold one variant each: who has had its share of a task. */
import assert from 'node:assert/strict'
import { solveFrontier } from '../../../src/policy/frontier/solve.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import type { Group } from '../../../src/policy/state/slots.ts'
import { createTurns } from '../../../src/policy/frontier/turns.ts'
import { single } from '../fixtures.ts'

const shapes = shapesOf([single])

const quick = { key: 'quick' } as Group
const exact = { key: 'exact' } as Group

/** Three slots hold the exact variant, which carries 30 queries a second; one the quick. */
function turns(ratePerS: number, drains: boolean) {
  const mix = solveFrontier(shapes, {
    groups: [
      { key: 'quick', class: 'one', slots: 1, duty: 1 },
      { key: 'exact', class: 'one', slots: 3, duty: 3 },
    ],
    services: shapes.variants.map(({ ref, referenceMs }) => [{
      group: ref.variant === 'quick' ? 0 : 1,
      costMs: referenceMs!,
      aloneMs: referenceMs!,
    }]),
    fanOut: [[], []],
    ratesPerS: [ratePerS],
    aim: 1,
  })!
  const made = createTurns()
  made.adopt({ ...mix, drains })
  return made
}

const [task] = [...shapes.pipelines.values()].map(({ root }) => root)

/** Who gets each item where one is asked before the other and takes what it may. */
function shareOfFirst(first: Group, other: Group, ratePerS: number, drains: boolean): number {
  const made = turns(ratePerS, drains)
  let taken = 0
  for (let i = 0; i < 1000; i++) {
    const who = made.isAhead(task!, first) ? other : first
    made.charge(task!, who, 1)
    if (who === first) taken++
  }
  return taken / 1000
}

Deno.test('a quick slot that is always idle does its share of the items, and no more', () => {
  const share = shareOfFirst(quick, exact, 40, false)
  assert.ok(Math.abs(share - 0.25) < 0.02, `${share}`)
})

Deno.test('who holds the more accurate variant may do more than its share while nothing is to be worked off', () => {
  assert.equal(shareOfFirst(exact, quick, 40, false), 1)
})

Deno.test('who is to do worse is ahead of those who are to do better only while these have had less', () => {
  const made = turns(40, false)
  const isAhead = (group: Group) => made.isAheadOfBetter(task!, group)
  assert.ok(!isAhead(quick) && !isAhead(exact))
  made.charge(task!, exact, 30)
  assert.ok(!isAhead(quick) && !isAhead(exact))
  made.charge(task!, quick, 20)
  assert.ok(isAhead(quick) && !isAhead(exact))
  made.charge(task!, exact, 40)
  assert.ok(!isAhead(quick))
})

Deno.test('who holds the more accurate variant keeps to its share while a queue is worked off', () => {
  const share = shareOfFirst(exact, quick, 40, true)
  assert.ok(Math.abs(share - 0.75) < 0.02, `${share}`)
})

Deno.test('nobody is ahead of a share before a mix is known', () => {
  const made = createTurns()
  made.charge(task!, quick, 5)
  assert.equal(made.isAhead(task!, quick), false)
})
