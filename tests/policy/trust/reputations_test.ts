/** Records of nodes that joined and left are limited, whenever they are read. */
import assert from 'node:assert/strict'
import { fail, pass } from '../../../src/policy/trust/reputation.ts'
import { Reputations } from '../../../src/policy/trust/reputations.ts'

Deno.test('no change of a forgotten node is reported, even if it joins again', () => {
  const reputations = new Reputations(() => {})
  const visit = (id: string) => {
    reputations.join(id, false)
    reputations.change(id, (one) => void one.passed++)
    reputations.leave(id)
  }
  visit('first')
  // Changes are not read, as if nothing were stored.
  for (let i = 0; i < 20_001; i++) visit(`n${i}`)
  reputations.join('first', false)
  const told = new Set(reputations.changed().map(([id]) => id))
  assert.ok(!told.has('first') && told.has('n20000'))
})

Deno.test('joining and leaving does not erase faults of others, and new nodes can be checked', () => {
  const reputations = new Reputations(() => {})
  const visit = (id: string, how: Parameters<typeof reputations.change>[1]) => {
    reputations.join(id, false)
    reputations.change(id, how)
    reputations.leave(id)
  }
  const caught = (id: string) => visit(id, (one) => fail(one, 3, 'wrong'))
  caught('liar')
  for (let i = 0; i < 20_001; i++) visit(`n${i}`, (one) => void one.passed++)
  assert.equal(reputations.standingOf('liar'), 'quarantined')
  // Even if all of them were liars there is a limit, and the next node is checked all the same.
  for (let i = 0; i < 20_001; i++) caught(`l${i}`)
  reputations.join('next', false)
  reputations.change('next', (one) => fail(one, 3, 'wrong'))
  assert.deepEqual(['liar', 'l20000', 'next'].map((id) => reputations.get(id)?.quarantined), [
    ...[undefined, true, true],
  ])
})

Deno.test('a trusted node that joins again passes a few checks first, others the usual number', () => {
  const reputations = new Reputations(() => {})
  const ref = { pipeline: 'ocr', task: 'read', variant: 'big' }
  const standingAfter = (checks: number) => {
    reputations.join('a', false)
    for (let i = 0; i < checks; i++) reputations.change('a', (one) => pass(one, false, ref))
    return reputations.standingOf('a')
  }
  assert.deepEqual([9, 1, 2, 3].map(standingAfter), ['proving', 'proving', 'proving', 'trusted'])
})

Deno.test('checks passed on a pipeline count for all its versions, and after a restart', () => {
  const reputations = new Reputations(() => {})
  reputations.join('a', false)
  for (let version = 2; version < 12; version++) {
    const ref = { pipeline: `ocr~${version}`, task: 'read', variant: 'big' }
    reputations.change('a', (one) => pass(one, false, ref))
  }
  assert.deepEqual(reputations.get('a')!.by, { 'ocr read': 10, 'ocr read big': 10 })
  const again = new Reputations(() => {})
  again.remember(reputations.changed())
  const ref = { pipeline: 'ocr', task: 'read', variant: 'big' }
  assert.equal(again.standingOf('a', ref), 'trusted')
  assert.equal(again.standingOf('a', { ...ref, task: 'other' }), 'proving')
})

Deno.test('a node in quarantine that joins again is quarantined from the start, with an event', () => {
  const said: string[] = []
  const reputations = new Reputations(
    (command) => void (command.type === 'judged' && said.push(command.standing)),
  )
  reputations.join('a', false)
  reputations.change('a', (one) => fail(one, 3, 'wrong'))
  const paused = { type: 'node_reported', node: 'a', paused: true } as const
  assert.deepEqual(reputations.news(), [paused])
  reputations.leave('a')
  assert.deepEqual([reputations.strangers, [...reputations.ids]], [0, []])
  reputations.join('a', false)
  assert.deepEqual(reputations.news(), [paused])
  assert.deepEqual(reputations.news(), [])
  assert.deepEqual(said, ['quarantined', 'quarantined'])
  assert.deepEqual([reputations.strangers, [...reputations.ids]], [1, ['a']])
})

Deno.test('own nodes are no strangers, present or gone', () => {
  const reputations = new Reputations(() => {})
  reputations.join('own', true)
  reputations.join('a', false)
  assert.equal(reputations.strangers, 1)
  reputations.leave('own')
  assert.equal(reputations.strangers, 1)
  reputations.leave('a')
  reputations.leave('a')
  assert.equal(reputations.strangers, 0)
})

Deno.test('changes are reported once, and stored values do not overwrite known ones', () => {
  const reputations = new Reputations(() => {})
  reputations.join('own', true)
  reputations.join('a', false)
  for (const id of ['own', 'a']) reputations.change(id, (one) => void one.passed++)
  const [kept, ...none] = reputations.changed()
  assert.deepEqual([kept![0], kept![1].passed, none], ['a', 1, []])
  assert.deepEqual(reputations.changed(), [])
  reputations.change('a', (one) => void one.passed++)
  reputations.remember([kept!])
  assert.equal(reputations.get('a')!.passed, 2)
})
