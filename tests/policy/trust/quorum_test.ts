/** Which of several votes are right. */
import assert from 'node:assert/strict'
import type { ItemReport } from '../../../src/policy/core/options.ts'
import {
  answerOf,
  groupsOf,
  provenOf,
  sampleOf,
  trustedOf,
  type Vote,
} from '../../../src/policy/trust/quorum.ts'

const ref = { pipeline: 'p', task: 't', variant: 'v' }

let voters = 0
/** Reports of a node on some items; each node is a voter of its own. */
const vote = (standing: Vote['standing'], ...results: number[]): Vote => ({
  ...{ node: 'n', voter: `${voters++}`, standing },
  reports: results.map((result): ItemReport => (
    { outcome: { ok: true, result, children: {} }, backend: undefined }
  )),
})
const resultOf = ({ outcome }: ItemReport) => outcome.ok ? outcome.result : undefined
const groups = (...votes: Vote[]) => groupsOf(votes, ref, (_, a, b) => resultOf(a) === resultOf(b))

Deno.test('votes that agree in every item are one group', () => {
  const [a, b, c] = [vote('proving', 1, 2), vote('proving', 1, 3), vote('own', 1, 2)]
  assert.deepEqual(groups(a, b, c), [[a, c], [b]])
})

Deno.test('a known answer or an own node is right by itself, otherwise it takes two or more votes', () => {
  const wrong = vote('trusted', 0)
  for (const standing of ['known', 'own'] as const) {
    const right = vote(standing, 1)
    assert.deepEqual(answerOf(groups(wrong, right), true), [right])
  }
  const [trusted, a, b, c] = [
    vote('trusted', 1),
    vote('proving', 1),
    vote('proving', 1),
    vote('proving', 1),
  ]
  assert.equal(answerOf(groups(trusted), true), undefined)
  assert.deepEqual(answerOf(groups(wrong, a, trusted), true), [a, trusted])
  // Unproven voters are right only if no better one can be asked.
  assert.equal(answerOf(groups(wrong, a, b), true), undefined)
  assert.deepEqual(answerOf(groups(wrong, a, b), false), [a, b])
  assert.equal(provenOf(groups(wrong, a, b), false), undefined)
  assert.deepEqual(provenOf(groups(wrong, a, b, c), false), [a, b, c])
  assert.equal(provenOf(groups(wrong, a, b, c), true), undefined)
})

Deno.test('nodes of one voter have one vote', () => {
  const of = (voter: string, one: Vote): Vote => ({ ...one, voter })
  const [a, b, c] = [vote('proving', 1), vote('proving', 1), vote('proving', 1)]
  const alike = [a, b, c].map((one) => of('x', one))
  assert.equal(answerOf(groups(...alike), false), undefined)
  assert.equal(provenOf(groups(...alike), false), undefined)
  assert.equal(sampleOf(alike), undefined)
  const two = [of('x', a), of('x', b), of('y', c)]
  assert.deepEqual(answerOf(groups(...two), false), two)
  assert.equal(provenOf(groups(...two), false), undefined)
  // A trusted node does not vouch for another of its voter.
  const [trusted, other] = [of('x', vote('trusted', 1)), of('x', a)]
  assert.equal(provenOf(groups(trusted, other), true), undefined)
  assert.deepEqual(provenOf(groups(trusted, b), true), [trusted, b])
})

Deno.test('the group with a trusted node decides in the end, if there is just one', () => {
  const [stranger, trusted] = [vote('proving', 0), vote('trusted', 1)]
  assert.equal(trustedOf(groups(stranger)), undefined)
  assert.deepEqual(trustedOf(groups(stranger, trusted)), [trusted])
  assert.equal(trustedOf(groups(trusted, vote('trusted', 2))), undefined)
})

Deno.test("a trusted node's vote, or a quorum's, may be a sample; a known answer already is one", () => {
  const [stranger, other, trusted] = [vote('proving', 1), vote('proving', 1), vote('trusted', 1)]
  assert.equal(sampleOf([vote('own', 1)])?.standing, 'own')
  assert.equal(sampleOf([stranger, trusted]), trusted)
  assert.equal(sampleOf([stranger, other]), undefined)
  assert.equal(sampleOf([stranger, other, vote('proving', 1)]), stranger)
  assert.equal(sampleOf([vote('known', 1), trusted]), undefined)
})
