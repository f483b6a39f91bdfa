/** A run for measuring that never ends: work waits behind it, and not for long. */
import { equal, match } from 'node:assert/strict'
import type { SlotEvents } from '../../src/node/slot/events.ts'
import { createSlot } from '../../src/node/slot/slot.ts'
import { createTestClock } from './clock.ts'
import { PIPELINE, readModel, SMALL_MODEL, testHost } from './fixture.ts'

Deno.test('a worker that hangs in a run for measuring is ended long before one in a batch', async () => {
  const clock = createTestClock()
  const host = testHost('none')
  const bytes = await readModel(SMALL_MODEL)
  const ready = Promise.withResolvers<void>()
  const restarted = Promise.withResolvers<string>()
  const failed: number[] = []
  const none = () => {}
  const events: SlotEvents = {
    ...{ done: none, expired: none, calledOff: none, idle: none, said: none },
    ready: () => ready.resolve(),
    loadFailed: (_, message) => ready.reject(new Error(message)),
    failed: ({ batch }) => void failed.push(batch),
    restarted: ({ message }) => restarted.resolve(message),
  }
  Deno.env.set('SHOAL_TEST_HANGS', '')
  const slot = createSlot({
    ...{ clock, events, duty: () => 1, assets: host.assets },
    createWorker: () => host.createWorker(),
    engine: () => ({ backend: 'wasm', threads: 1 }),
    fetchModel: () => Promise.resolve(bytes),
  })
  try {
    const task = PIPELINE.tasks.first
    slot.load({ key: 'a', hash: 'm', next: [], task: task as never, variant: task.variants.a })
    await ready.promise
    const measured = slot.measure('a', 1)
    await clock.advance(1000)
    const times = { receivedMs: 1000, expiresMs: 60_000, giveUpMs: 60_000 }
    equal(slot.offer({ batch: 7, key: 'a', items: [], crops: 'raw', ...times }), 'taken')
    await clock.advance(19_000)
    match(await restarted.promise, /no answer in 20000 ms/)
    equal(await measured, undefined)
    // It goes back: another node may have it in time.
    equal(failed.join(), '7')
  } finally {
    slot.close()
    Deno.env.delete('SHOAL_TEST_HANGS')
  }
})
