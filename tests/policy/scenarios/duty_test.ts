/** Nodes whose volunteers give a part of their time. */
import assert from 'node:assert/strict'
import { asked, byHand, wakeUntil } from '../by_hand.ts'
import { commandsOf, ocr } from '../fixtures.ts'
import { asksMany, joins, play } from '../story.ts'

Deno.test('A node with duty 0.5 rests after each batch as long as it took', () => {
  const story = play({ children: 0 }, [
    [0, joins('a', { duty: 0.5, networkMs: 0 })],
    [1000, asksMany('q', 10, 0, 60_000)],
  ], 62_000)
  assert.equal(story.tally().served, 10)
  const sent = story.sent()
  for (let i = 1; i < sent.length; i++) {
    const { atMs, task, variant, items } = sent[i - 1]!
    const ranMs = ocr.tasks[task]!.variants[variant]!.referenceMs! * items.length
    assert.ok(sent[i]!.atMs - atMs >= 2 * ranMs - 1e-6)
  }
})

Deno.test('A node with duty 0.5 counts for half', () => {
  const servedBy = (duty: number) =>
    play({ children: 1 }, [
      [0, joins('a', { duty })],
      [1000, asksMany('q', 400, 25, 2000)],
    ], 14_000).tally().served
  const [half, all] = [servedBy(0.5), servedBy(1)]
  assert.ok(half > 0.4 * all && half < 0.6 * all, `${half} and ${all}`)
})

Deno.test('A node with duty below 1 rests after a cancelled batch too', () => {
  restsAt(byHand(1, 0.25))
})

Deno.test('A node whose duty in use falls rests by the new duty', () => {
  const scheduler = byHand(1, 1)
  scheduler.handle({ type: 'node_reported', node: 'a', duty: 0.25 }, 5)
  restsAt(scheduler)
})

function restsAt(scheduler: ReturnType<typeof byHand>): void {
  const [first] = commandsOf(scheduler, asked('gone', 5000), 10, 'dispatch')
  scheduler.handle({ type: 'query_cancelled', query: 'gone' }, 20)
  scheduler.handle(asked('q', 5000), 30)
  const ended = { type: 'batch_failed', batch: first!.batch, message: 'called off' } as const
  assert.deepEqual(commandsOf(scheduler, ended, 40, 'dispatch'), [])
  const later = wakeUntil(scheduler, 41, 5000).find(({ type }) => type === 'dispatch')
  assert.ok(later!.atMs > 40 + 2 * (first!.expectedMs - 10))
}
