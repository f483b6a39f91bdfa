/** Standing of a node as checks are passed and failed. */
import assert from 'node:assert/strict'
import {
  atonedAt,
  fail,
  newReputation,
  pass,
  standingOf,
} from '../../../src/policy/trust/reputation.ts'

const ref = { pipeline: 'p', task: 't', variant: 'v' }

const times = (count: number, then: () => void) => {
  for (let i = 0; i < count; i++) then()
}

/** A node in quarantine that has just given enough known answers. */
function atoned() {
  const one = newReputation(false)
  times(2, () => fail(one, 2, 'wrong'))
  assert.equal(standingOf(one), 'quarantined')
  times(atonedAt(one), () => pass(one, true, ref))
  return one
}

Deno.test('a node that leaves quarantine must prove itself again, with twice as many checks', () => {
  const one = atoned()
  assert.equal(standingOf(one), 'proving')
  assert.match(one.reason, /^back from quarantine: 5 known answers/)
  times(19, () => pass(one, false, ref))
  assert.equal(standingOf(one), 'proving')
  pass(one, false, ref)
  assert.equal(standingOf(one), 'trusted')
})

Deno.test('disagreement with unproven nodes does not return a node to quarantine at once', () => {
  const one = atoned()
  fail(one, 0.75, 'wrong')
  assert.equal(standingOf(one), 'proving')
  fail(one, 2, 'wrong')
  assert.equal(standingOf(one), 'quarantined')
  // Twice as many known answers as before.
  times(9, () => pass(one, true, ref))
  assert.equal(standingOf(one), 'quarantined')
  pass(one, true, ref)
  assert.equal(standingOf(one), 'proving')
})

Deno.test('an own node is trusted whatever checks show', () => {
  const one = newReputation(true)
  times(5, () => fail(one, 3, 'wrong'))
  assert.equal(standingOf(one), 'own')
  assert.equal(one.reason, 'belongs to the coordinator, yet wrong')
})
