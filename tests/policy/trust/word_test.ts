/** What a node's word is worth, as checks are passed and failed. */
import assert from 'node:assert/strict'
import {
  createWord,
  fail,
  pass,
  rejoin,
  standingOf,
  toAtone,
} from '../../../src/policy/trust/word.ts'

const ref = { pipeline: 'p', task: 't', variant: 'v' }

const times = (count: number, then: () => void) => {
  for (let i = 0; i < count; i++) then()
}

/** One in quarantine that has just given enough known answers. */
function atoned() {
  const word = createWord(false)
  times(2, () => fail(word, 2, 'wrong'))
  assert.equal(standingOf(word), 'quarantined')
  times(toAtone(word), () => pass(word, true, ref))
  return word
}

Deno.test('who comes back from quarantine has to prove itself anew, twice as long', () => {
  const word = atoned()
  assert.equal(standingOf(word), 'proving')
  assert.match(word.reason, /^back from quarantine: 5 known answers/)
  times(19, () => pass(word, false, ref))
  assert.equal(standingOf(word), 'proving')
  pass(word, false, ref)
  assert.equal(standingOf(word), 'trusted')
})

Deno.test('what others that are unproven say sends nobody back into quarantine at once', () => {
  const word = atoned()
  fail(word, 0.75, 'wrong')
  assert.equal(standingOf(word), 'proving')
  fail(word, 2, 'wrong')
  assert.equal(standingOf(word), 'quarantined')
  // Twice as many known answers as before.
  times(9, () => pass(word, true, ref))
  assert.equal(standingOf(word), 'quarantined')
  pass(word, true, ref)
  assert.equal(standingOf(word), 'proving')
})

Deno.test('one of the own nodes is believed whatever checks show', () => {
  const word = createWord(true)
  times(5, () => fail(word, 3, 'wrong'))
  assert.equal(standingOf(word), 'own')
  assert.equal(word.reason, 'belongs to the coordinator, yet wrong')
})

Deno.test('who earned trust and joins anew passes a few checks first, who earned none the usual ones', () => {
  const word = createWord(false)
  rejoin(word)
  times(10, () => pass(word, false, ref))
  assert.equal(standingOf(word), 'trusted')
  rejoin(word)
  assert.equal(standingOf(word), 'proving')
  times(3, () => pass(word, false, ref))
  assert.equal(standingOf(word), 'trusted')
})
