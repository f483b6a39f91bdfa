/** A latency that nobody measured is a guess: it is not held against the node, and it is mended. */
import assert from 'node:assert/strict'
import { asked, byHand, finished, wakeUntil } from './by_hand.ts'
import { commandsOf } from './fixtures.ts'

const giveUpOf = (slots: number, ran: boolean, nodes?: string[]): number => {
  const scheduler = byHand(slots, 1, nodes)
  let nowMs = 10
  if (ran) {
    const [first] = commandsOf(scheduler, asked('first', 60_000), nowMs, 'dispatch')
    scheduler.handle(finished(first!.batch), nowMs += 100)
  }
  const [detect] = commandsOf(scheduler, asked('q', 60_000), nowMs, 'dispatch')
  return detect!.giveUpMs
}

const TWO = ['a', 'b']

Deno.test('the only node is given more time for its first run, where another could not help', () => {
  assert.ok(giveUpOf(1, false) > giveUpOf(1, false, TWO) + 10_000)
  assert.ok(giveUpOf(1, true) < giveUpOf(1, false) - 10_000)
})

Deno.test('a slot that stands still for seconds is not given up where no other node could do its work', () => {
  // The node ends its worker with what is given up, and loads all anew: nobody is quicker for it, nor
  // on its other slots, which stand still with it.
  assert.ok(giveUpOf(1, true) > giveUpOf(1, true, TWO) + 4000)
  for (const ran of [true, false]) assert.equal(giveUpOf(2, ran), giveUpOf(1, ran))
})

Deno.test('a batch whose query ran out of time teaches how slow its node is', () => {
  const scheduler = byHand()
  const [slow] = commandsOf(scheduler, asked('q', 4000), 10, 'dispatch')
  const commands = wakeUntil(scheduler, 4000, 4000)
  assert.ok(commands.some(({ type }) => type === 'cancel_batch'))
  scheduler.handle(finished(slow!.batch), 4100)
  const [next] = commandsOf(scheduler, asked('r', 64_000), 4200, 'dispatch')
  assert.ok(next !== undefined)
  assert.ok(
    next.variant !== slow!.variant || next.expectedMs > 1.5 * slow!.expectedMs,
    `${next.variant} in ${next.expectedMs} ms after ${slow!.variant} in ${slow!.expectedMs} ms`,
  )
})
