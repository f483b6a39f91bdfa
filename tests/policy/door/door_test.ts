/** What the door asks for behind a queue that stands. */
import assert from 'node:assert/strict'
import type { Filled } from '../../../src/policy/dispatch/batching.ts'
import { createDoor } from '../../../src/policy/door/door.ts'
import type { Slot } from '../../../src/policy/state/slots.ts'

const SLOTS = 4

function doorBehind(stands: boolean) {
  const pressure = { stands }
  const door = createDoor(pressure)
  const slot = { node: { times: { meanMs: (_: unknown, items: number) => 10 * items } } } as Slot
  return {
    pressure,
    share: () => door.share({ allHeld: true }),
    ofFew: () => door.share({ allHeld: false }),
    missed: door.missed,
    served: door.served,
    /** A second of the whole pool's time, in batches of one. */
    send(close: Filled['close'], waiting: number, seconds = 1) {
      const members = [{ choice: { prefix: { variant: {} } } }] as Filled['members']
      for (let i = 0; i < 100 * SLOTS * seconds; i++) {
        door.sent(slot, { members, close }, waiting, SLOTS)
      }
    },
  }
}

Deno.test('it asks for less while no batch is cut short and nobody is late, within bounds', () => {
  const door = doorBehind(true)
  const before = door.share()
  door.send('queue_empty', 5)
  assert.ok(door.share() < before)
  // One that has all that waits was not cut short.
  const after = door.share()
  door.send('slack', 1)
  assert.ok(door.share() < after)
  door.send('queue_empty', 1, 60)
  assert.ok(door.share() > 0)
})

Deno.test('it asks for more where the first of many has time for itself alone', () => {
  const door = doorBehind(true)
  const before = door.share()
  door.send('slack', 5)
  assert.ok(door.share() > before)
  door.send('slack', 5, 60)
  assert.ok(door.share() <= 0.25)
})

Deno.test('so it does where it is others who have no time for more in the batch of the first', () => {
  const door = doorBehind(true)
  const before = door.share()
  door.send('budget', 5)
  assert.ok(door.share() > before)
})

Deno.test('where a query was late with less it asks for more, and does not try that again soon', () => {
  const door = doorBehind(true)
  door.send('queue_empty', 1, 4)
  const late = door.share()
  door.missed(100)
  assert.ok(door.share() > late)
  door.send('queue_empty', 1, 20)
  assert.ok(door.share() > late)
  // What it asks for to begin with is no reason: there others are late by chance.
  const fresh = doorBehind(true)
  const before = fresh.share()
  fresh.missed(100)
  assert.equal(fresh.share(), before)
})

Deno.test('where many are late, not a few, it asks for up to half, and for less once the queue is gone', () => {
  const door = doorBehind(true)
  const before = door.share()
  // One in ten.
  for (let i = 0; i < 300; i++) i % 10 === 0 ? door.missed(100) : door.served()
  assert.equal(door.share(), before)
  for (let i = 0; i < 30; i++) door.missed(100)
  assert.equal(door.share(), 0.5)
  // It stays there while the queue stands, whatever batches do.
  door.send('slack', 5)
  assert.equal(door.share(), 0.5)
  door.pressure.stands = false
  door.send('queue_empty', 1, 0.01)
  assert.ok(door.share() <= 0.25, String(door.share()))
})

Deno.test('without a queue that stands it learns nothing', () => {
  const door = doorBehind(false)
  const before = door.share()
  door.send('slack', 5)
  door.send('queue_empty', 5)
  door.missed(100)
  assert.equal(door.share(), before)
})

Deno.test('where slots do not hold all it learns only from a queue that stands for long', () => {
  const door = doorBehind(true)
  const before = door.ofFew()
  door.send('slack', 5, 0.8)
  assert.equal(door.ofFew(), before)
  door.send('slack', 5, 4)
  assert.ok(door.ofFew() > before + 0.05, `${door.ofFew()}`)
  door.send('slack', 5, 60)
  assert.ok(door.ofFew() <= 0.25)
  // Once it is gone that is forgotten: the next one may be a burst.
  door.pressure.stands = false
  door.send('slack', 5)
  assert.equal(door.ofFew(), before)
})
