import assert from 'node:assert/strict'
import { asked, byHand, finished, wakeUntil } from './by_hand.ts'
import { commandsOf } from './fixtures.ts'

Deno.test('a query in flight at its deadline is answered deadline_exceeded, then', () => {
  const scheduler = byHand()
  const commands = scheduler.handle(asked('q', 300), 10)
  const wake = commands.findLast(({ type }) => type === 'wake_at')
  assert.ok(wake?.type === 'wake_at' && wake.atMs <= 300)
  const answers = wakeUntil(scheduler, wake.atMs, 1000).filter(({ type }) => type === 'answer')
  assert.equal(answers.length, 1)
  assert.equal(answers[0]!.atMs, 300)
})

Deno.test('a result that comes at the deadline counts, one after it does not', () => {
  for (const [atMs, ok] of [[300, true], [300.5, false]] as const) {
    const scheduler = byHand()
    const [detect] = commandsOf(scheduler, asked('q', 300), 10, 'dispatch')
    const [answer] = commandsOf(scheduler, finished(detect!.batch), atMs, 'answer')
    assert.equal(answer!.answer.ok, ok)
  }
})
