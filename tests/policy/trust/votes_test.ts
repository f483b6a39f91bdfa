/** Who of several nodes is right. */
import assert from 'node:assert/strict'
import type { Said } from '../../../src/policy/options.ts'
import {
  groupsOf,
  isKnown,
  lastWordOf,
  MANY,
  rightOf,
  type Vote,
} from '../../../src/policy/trust/votes.ts'

const ref = { pipeline: 'p', task: 't', variant: 'v' }

/** What a node says of each of some items. */
const vote = (standing: Vote['standing'], ...results: number[]): Vote => ({
  ...{ node: 'n', standing },
  said: results.map((result): Said => (
    { outcome: { ok: true, result, children: {} }, backend: undefined }
  )),
})
const resultOf = ({ outcome }: Said) => outcome.ok ? outcome.result : undefined
const groups = (...votes: Vote[]) => groupsOf(votes, ref, (_, a, b) => resultOf(a) === resultOf(b))

Deno.test('votes that agree in every item are one group', () => {
  const [a, b, c] = [vote('proving', 1, 2), vote('proving', 1, 3), vote('own', 1, 2)]
  assert.deepEqual(groups(a, b, c), [[a, c], [b]])
})

Deno.test('what is known or said by an own node is right by itself, else it takes two or more', () => {
  const wrong = vote('trusted', 0)
  for (const standing of ['known', 'own'] as const) {
    const right = vote(standing, 1)
    assert.deepEqual(rightOf(groups(wrong, right), true), [right])
  }
  const [trusted, a, b, c] = [
    vote('trusted', 1),
    vote('proving', 1),
    vote('proving', 1),
    vote('proving', 1),
  ]
  assert.equal(rightOf(groups(trusted), true), undefined)
  assert.deepEqual(rightOf(groups(wrong, a, trusted), true), [a, trusted])
  // Those who have proven nothing are right only where nobody better can be asked.
  assert.equal(rightOf(groups(wrong, a, b), true), undefined)
  assert.deepEqual(rightOf(groups(wrong, a, b), false), [a, b])
  assert.equal(rightOf(groups(wrong, a, b), false, MANY), undefined)
  assert.deepEqual(rightOf(groups(wrong, a, b, c), false, MANY), [a, b, c])
})

Deno.test('the last word is that of the one group with a trusted node, if there is just one', () => {
  const [stranger, trusted] = [vote('proving', 0), vote('trusted', 1)]
  assert.equal(lastWordOf(groups(stranger)), undefined)
  assert.deepEqual(lastWordOf(groups(stranger, trusted)), [trusted])
  assert.equal(lastWordOf(groups(trusted, vote('trusted', 2))), undefined)
})

Deno.test('good enough to be held against others is what a proven node said, or many', () => {
  const stranger = vote('proving', 1)
  assert.equal(isKnown([vote('own', 1)]), true)
  assert.equal(isKnown([stranger, vote('trusted', 1)]), true)
  assert.equal(isKnown([stranger, stranger]), false)
  assert.equal(isKnown(Array(MANY).fill(stranger)), true)
})
