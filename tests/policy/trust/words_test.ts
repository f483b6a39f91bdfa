/** What is known of nodes that came and went has an end, whoever asks for it and when. */
import assert from 'node:assert/strict'
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
