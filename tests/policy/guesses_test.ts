/** A latency that nobody measured is a guess: it is not held against the node, and it is mended. */
import assert from 'node:assert/strict'
import { asked, byHand, finished, wakeUntil } from './by_hand.ts'
import { commandsOf } from './fixtures.ts'

const giveUpOf = (slots: number, ran: boolean): number => {
  const scheduler = byHand(slots)
  let nowMs = 10
  if (ran) {
    const [first] = commandsOf(scheduler, asked('first', 60_000), nowMs, 'dispatch')
    scheduler.handle(finished(first!.batch), nowMs += 100)
  }
  const [detect] = commandsOf(scheduler, asked('q', 60_000), nowMs, 'dispatch')
  return detect!.giveUpMs
}

Deno.test('the only slot is given more time for its first run, where another could not help', () => {
  assert.ok(giveUpOf(1, false) > giveUpOf(2, false) + 10_000)
  assert.ok(giveUpOf(1, true) < giveUpOf(1, false) - 10_000)
})

Deno.test('a slot that stands still for seconds is not given up where no other could do its work', () => {
  // The node ends its worker with what is given up, and loads all anew: nobody is quicker for it.
  assert.ok(giveUpOf(1, true) > giveUpOf(2, true) + 4000)
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
