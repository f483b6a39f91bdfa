/** How generating ends where something is wrong: with the worker, the link, or the volunteer's patience. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { type Clock, systemClock } from '../../../src/node/clock.ts'
import { createCatalog } from '../../../src/node/models/catalog.ts'
import type { SlotEvents } from '../../../src/node/slot/events.ts'
import { createSlot } from '../../../src/node/slot/slot.ts'
import { load, servedFrom, testHost } from '../fixture.ts'
import { answered, ECHO, firstWord, GENERATES, heardOf, say, withGenerating } from './scene.ts'

const LONG = 'abcdefghij'.repeat(300)

Deno.test('a worker that dies takes all batches with it, and the next one serves', async () => {
  await withGenerating([ECHO], async ({ peer }) => {
    say(peer, 1, [LONG])
    await firstWord(peer, 1)
    say(peer, 2, ['xy'], { do: 'crash' })
    for (const batch of [1, 2]) {
      const { message } = await peer.take('batch_failed', (m) => m.batch === batch)
      match(message.message, /out of the blue/)
    }
    await peer.take('ready')
    say(peer, 3, ['next'])
    await answered(peer, 3)
  })
})

Deno.test('a run that fails fails all batches that share it; the worker stays until it goes on', async () => {
  await withGenerating([ECHO], async ({ peer, node }) => {
    let restarts = 0
    node.subscribe((event) => event.type === 'restarted' && restarts++)
    say(peer, 1, [LONG])
    await firstWord(peer, 1)
    say(peer, 2, ['xy'], { do: 'fail' })
    for (const batch of [1, 2]) {
      const { message } = await peer.take('batch_failed', (m) => m.batch === batch)
      match(message.message, /at its wits end/)
    }
    equal(restarts, 0)
    say(peer, 3, ['xy'], { do: 'fail' })
    await peer.take('batch_failed')
    await peer.take('ready')
    equal(restarts, 1)
  })
})

for (const how of ['hang', 'stall']) {
  Deno.test(`a worker whose run does ${how} is ended, others that only take long are not`, async () => {
    const { pipelines, models } = await servedFrom(GENERATES, { m: Uint8Array.of(1) })
    const catalog = createCatalog({ pipelines: pipelines as never[], models })
    const told: string[] = []
    let heard = () => {}
    const until = async (what: string) => {
      while (!told.includes(what)) await new Promise<void>((resolve) => heard = resolve)
    }
    const tell = (what: string) => (told.push(what), heard())
    const events: SlotEvents = {
      ...{ expired() {}, calledOff() {}, loadFailed() {}, idle() {} },
      said: ({ batch }, said) => said.length === 0 && tell(`alive ${batch}`),
      done: ({ batch }) => tell(`done ${batch}`),
      ready: () => tell('ready'),
      failed: ({ batch }, message) => tell(`failed ${batch} ${/gave no answer in/.test(message)}`),
      restarted: () => tell('restarted'),
    }
    const worker = new URL('./worker.ts', import.meta.url)
    const slot = createSlot({
      ...{ clock: systemClock, assets: testHost('').assets, duty: () => 1, events },
      // Slow steps: twice as long as a sign of life is apart, half as long as what is waited for.
      createWorker: () => new Worker(worker, { type: 'module', name: '800' }),
      engine: () => ({ backend: 'wasm', threads: 1 }),
      fetchModel: () => Promise.resolve(Uint8Array.of(1)),
      maxSilentMs: 2000,
    })
    const offer = (batch: number, text: string, meta = {}) =>
      slot.offer({
        ...{ batch, key: 'g/say/echo', crops: 'raw', receivedMs: systemClock.nowMs() },
        ...{ expiresMs: systemClock.nowMs() + 60_000, giveUpMs: 60_000 },
        items: [{ meta, bytes: new TextEncoder().encode(text) }],
      })
    try {
      slot.load(catalog.spec(ECHO))
      await until('ready')
      told.length = 0
      offer(1, 'slow')
      await until('done 1')
      ok(!told.includes('restarted'))
      offer(2, 'xy', { do: how })
      await until('restarted')
      ok(told.includes('failed 2 true'))
      await until('ready')
    } finally {
      slot.close()
    }
  })
}

/** The clock of the machine, but that ten seconds are over when the test says so. */
function heldClock(): { clock: Clock; tenSecondsPass(): void } {
  let due: (() => void) | undefined
  const clock: Clock = {
    ...systemClock,
    after(ms, action) {
      if (ms !== 10_000) return systemClock.after(ms, action)
      due = action
      return () => void (due = undefined)
    },
  }
  return { clock, tenSecondsPass: () => due!() }
}

Deno.test('who pauses ends what is soon over, and hands on what is not', async () => {
  const { clock, tenSecondsPass } = heldClock()
  await withGenerating([ECHO], async ({ peer, node }) => {
    say(peer, 1, [LONG, LONG, LONG])
    await firstWord(peer, 1)
    say(peer, 2, ['short'])
    node.pause()
    await answered(peer, 2)
    tenSecondsPass()
    const { message } = await peer.take('batch_failed')
    equal(message.batch, 1)
    match(message.message, /needs the device/)
    node.resume()
    say(peer, 3, ['next'])
    deepEqual(await answered(peer, 3), [{ text: 'next', together: 1, texts: null }])
    equal(peer.received.filter((one) => one.message.type === 'batch_failed').length, 1)
  }, { clock })
})

Deno.test('who leaves hands on what takes long', async () => {
  const { clock, tenSecondsPass } = heldClock()
  await withGenerating([ECHO], async ({ peer, node }) => {
    say(peer, 1, [LONG])
    await firstWord(peer, 1)
    const left = node.stop()
    tenSecondsPass()
    await left
    const types = peer.received.map(({ message }) => message.type)
    ok(types.indexOf('batch_failed') < types.indexOf('bye'))
  }, { clock })
})

Deno.test('what generates for a connection that is gone makes room for the next', async () => {
  await withGenerating([ECHO], async ({ peer, coordinator }) => {
    say(peer, 1, [LONG, LONG, LONG, LONG])
    await firstWord(peer, 1)
    peer.close()
    const again = await coordinator.nextPeer()
    await load(again, ECHO)
    say(again, 1, ['next'])
    deepEqual(await answered(again, 1), [{ text: 'next', together: 1, texts: null }])
    equal(heardOf(again, 1).text, 'next')
  })
})

Deno.test('a slot that may work half of the time rests between the steps of what it generates', async () => {
  await withGenerating([ECHO], async ({ peer }) => {
    say(peer, 1, ['abcdefghijabcdefghij'])
    const { message } = await peer.take('result')
    const { queueMs, computeMs, elapsedMs } = message
    // Before each step but the first as long as the one before it took, and timers may be 1 ms early.
    ok(elapsedMs - queueMs - computeMs >= 19 * 19, JSON.stringify(message))
    // It has rested: the next one does not wait for as long as all of it took.
    say(peer, 2, ['a'])
    const next = (await peer.take('result')).message
    ok(next.queueMs < computeMs, JSON.stringify(next))
  }, { runMs: 20, duty: 0.5 })
})
