/** What is said of nodes: what they did, and whether they are at work. */
import assert from 'node:assert/strict'
import { asked, byHand, finished } from './by_hand.ts'
import { commandsOf } from './fixtures.ts'

Deno.test('a node is active while it runs a batch and for a second after it was given one', () => {
  const scheduler = byHand()
  const at = (nowMs: number) => {
    scheduler.handle({ type: 'wake' }, nowMs)
    const { state, batches, items, instances } = scheduler.stats().nodes.a!
    return [state, batches, items, instances]
  }
  assert.deepEqual(at(1), ['standby', 0, 0, 5])
  const [detect] = commandsOf(scheduler, asked('q', 60_000), 10, 'dispatch')
  assert.deepEqual(at(1500), ['active', 1, 1, 5])
  const ended = finished(detect!.batch, 1, ['x', 'y'])
  const [read] = commandsOf(scheduler, ended, 1600, 'dispatch')
  assert.equal(read!.items.length, 2)
  assert.deepEqual(at(1601), ['active', 2, 3, 5])
  scheduler.handle(finished(read!.batch, 2), 1700)
  assert.deepEqual(at(2599), ['active', 2, 3, 5])
  assert.notEqual(at(2601)[0], 'active')
  scheduler.handle({ type: 'node_reported', node: 'a', paused: true }, 2602)
  assert.equal(at(2603)[0], 'paused')
})
