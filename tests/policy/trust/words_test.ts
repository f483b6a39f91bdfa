/** What is known of nodes that came and went has an end, whoever asks for it and when. */
import assert from 'node:assert/strict'
import { fail, pass } from '../../../src/policy/trust/word.ts'
import { createWords } from '../../../src/policy/trust/words.ts'

Deno.test('of a node that was forgotten nothing is left to be told, though it comes again', () => {
  const words = createWords(() => {}, () => 0.5)
  const visit = (id: string) => {
    words.join(id, false, 0)
    words.change(id, (word) => void word.passed++)
    words.leave(id)
  }
  visit('first')
  // Nobody asks for what changed, as where nothing is kept.
  for (let i = 0; i < 20_001; i++) visit(`n${i}`)
  words.join('first', false, 0)
  const told = new Set(words.changed().map(([id]) => id))
  assert.ok(!told.has('first') && told.has('n20000'))
})

Deno.test('nodes that join and leave have nothing forgotten that is held against others, and can be judged', () => {
  const words = createWords(() => {}, () => 0.5)
  const visit = (id: string, how: Parameters<typeof words.change>[1]) => {
    words.join(id, false, 0)
    words.change(id, how)
    words.leave(id)
  }
  const caught = (id: string) => visit(id, (word) => fail(word, 3, 'wrong'))
  caught('liar')
  for (let i = 0; i < 20_001; i++) visit(`n${i}`, (word) => void word.passed++)
  assert.equal(words.standingOf('liar'), 'quarantined')
  // Were all of them liars, there is an end, and the next one that comes is judged all the same.
  for (let i = 0; i < 20_001; i++) caught(`l${i}`)
  words.join('next', false, 0)
  words.change('next', (word) => fail(word, 3, 'wrong'))
  assert.deepEqual(['liar', 'l20000', 'next'].map((id) => words.get(id)?.quarantined), [
    ...[undefined, true, true],
  ])
})

Deno.test('what a node earned at a pipeline is kept by the name that all versions have, and of those served alone', () => {
  const words = createWords(() => {}, () => 0.5)
  words.join('a', false, 0)
  const passAt = (pipeline: string, times: number) => {
    for (let i = 0; i < times; i++) {
      words.change('a', (word) => pass(word, false, { pipeline, task: 'read', variant: 'big' }))
    }
  }
  for (let version = 2; version < 100; version++) {
    passAt(`ocr~${version}`, version)
    if (version > 2) words.close(`ocr~${version - 1}`)
  }
  // A name that begins alike is another.
  passAt('ocr', 1)
  assert.deepEqual(Object.keys(words.get('a')!.by).map((key) => key.split(' ')[0]), [
    ...['ocr~99', 'ocr~99', 'ocr', 'ocr'],
  ])
  words.close('ocr')
  const again = createWords(() => {}, () => 0.5)
  again.remember(words.changed())
  assert.deepEqual(again.get('a')!.by, { 'ocr read': 99, 'ocr read big': 99 })
  const ref = { pipeline: 'ocr', task: 'read', variant: 'big' }
  assert.equal(again.standingAt('a', ref), 'trusted')
})

Deno.test('who is in quarantine and joins anew is so from the start, and the rules are told', () => {
  const said: string[] = []
  const words = createWords(
    (command) => void (command.type === 'judged' && said.push(command.standing)),
    () => 0.5,
  )
  words.join('a', false, 0)
  words.change('a', (word) => fail(word, 3, 'wrong'))
  const paused = { type: 'node_reported', node: 'a', paused: true } as const
  assert.deepEqual(words.news(), [paused])
  words.leave('a')
  assert.deepEqual([words.strangers, [...words.ids()]], [0, []])
  words.join('a', false, 1000)
  assert.deepEqual(words.news(), [paused])
  assert.deepEqual(words.news(), [])
  assert.deepEqual(said, ['quarantined', 'quarantined'])
  assert.deepEqual([words.strangers, [...words.ids()]], [1, ['a']])
  // Not as soon as one that is new.
  assert.ok(words.present.get('a')!.canary.atMs > 2000)
})

Deno.test('the nodes of whoever runs the coordinator are no strangers, here or gone', () => {
  const words = createWords(() => {}, () => 0.5)
  words.join('own', true, 0)
  words.join('a', false, 0)
  assert.equal(words.strangers, 1)
  words.leave('own')
  assert.equal(words.strangers, 1)
  words.leave('a')
  words.leave('a')
  assert.equal(words.strangers, 0)
})

Deno.test('what changed is told once, and what is known already is not overwritten by what was kept', () => {
  const words = createWords(() => {}, () => 0.5)
  words.join('own', true, 0)
  words.join('a', false, 0)
  for (const id of ['own', 'a']) words.change(id, (word) => void word.passed++)
  const [kept, ...none] = words.changed()
  assert.deepEqual([kept![0], kept![1].passed, none], ['a', 1, []])
  assert.deepEqual(words.changed(), [])
  words.change('a', (word) => void word.passed++)
  words.remember([kept!])
  assert.equal(words.get('a')!.passed, 2)
})
