/** What more threads are worth, measured beside what serves; and used. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { createSpeedups } from '../../../src/node/backend/speedups.ts'
import { systemClock } from '../../../src/node/clock.ts'
import type { InstanceSpec } from '../../../src/node/engine/worker_api.ts'
import { createPace } from '../../../src/node/slot/pace.ts'
import { testOfAll } from '../../exhaustive.ts'
import { A, batchOf, BYTES, item, load, loadOn, testHost, withNode } from '../fixture.ts'

const SPEC: InstanceSpec = {
  ...{ key: 'p/first/a', hash: 'h', next: [] },
  task: { kind: 'test', next: [], variants: {} },
  variant: { accuracy: 1, model: 'm' },
} as unknown as InstanceSpec

const workerOf = (paceMs: object) =>
  new Worker(new URL('../worker_paced.ts', import.meta.url), {
    type: 'module',
    name: JSON.stringify(paceMs),
  })

function scene(paceMs: object, most = 4) {
  let may = true
  let workers = 0
  const found: (readonly number[])[] = []
  const speedups = createSpeedups({
    ...{ clock: systemClock, pace: createPace(systemClock, () => 1, () => may), most },
    host: {
      assets: testHost('').assets,
      createWorker() {
        workers++
        return workerOf(paceMs)
      },
    },
    ...{ backend: 'wasm', sample: () => SPEC, found: (all) => void found.push(all) },
    fetchModel: () => Promise.resolve(new Uint8Array(1)),
  })
  return { speedups, found, workers: () => workers, pause: () => void (may = false) }
}

testOfAll('threads are tried one after another until one more brings nothing', async () => {
  const { speedups, found, workers } = scene({ wasm: 60, wasm2: 30, wasm3: 60, wasm4: 1 })
  equal(await speedups.run(), 'done')
  equal(workers(), 3)
  equal(found.length, 1)
  const [one, two, ...more] = found[0]!
  deepEqual([one, more], [1, []])
  ok(two! > 1.4 && two! < 3, String(two))
  equal(await speedups.run(), 'done')
  equal(workers(), 3)
})

Deno.test('where threads gain nothing none are offered, and nor where one is all', async () => {
  const { speedups, found } = scene({ wasm: 40, wasm2: 40 })
  equal(await speedups.run(), 'done')
  const alone = scene({ wasm: 1 }, 1)
  equal(await alone.speedups.run(), 'done')
  deepEqual([found, alone.found, alone.workers()], [[], [], 0])
})

Deno.test('what was measured before a batch came counts on after it', async () => {
  const { speedups, found, workers } = scene({ wasm: 60, wasm2: 20 }, 2)
  const run = speedups.run()
  while (workers() < 2) await new Promise((done) => setTimeout(done, 5))
  speedups.disturb()
  equal(await run, 'disturbed')
  equal(await speedups.run(), 'done')
  deepEqual([workers(), found.length], [3, 1])
  const { speedups: paused, pause } = scene({ wasm: 1 })
  pause()
  equal(await paused.run(), 'disturbed')
})

Deno.test('a node tells what threads are worth, and goes from one wide slot to narrow ones and back', () =>
  withNode(
    {
      host: {
        ...testHost(crypto.randomUUID()),
        ...{ runtime: 'browser', threads: 2, sharesMemory: true },
        createWorker: () => workerOf({ wasm: 60, wasm2: 30 }),
      },
      ...{ slots: 2, threads: 2, measure: true },
    },
    async ({ coordinator, peer, node }) => {
      equal(peer.hello.speedups, undefined)
      await load(peer, A)
      await loadOn(peer, 1, A)
      const { message } = await peer.take('report', ({ speedups }) => speedups !== undefined)
      equal(message.speedups?.length, 2)
      const told = async () => (await peer.take('scaled')).message
      peer.send({ type: 'scale', slots: 2, threads: 2 })
      deepEqual(await told(), { type: 'scaled', slots: 1, duty: 1, threads: 2 })
      // What is parked stays as it is, and serves at once when it is wanted, before threads change.
      peer.send({ type: 'scale', slots: 2, threads: 1 })
      for (const slot of [0, 1]) peer.send(batchOf(slot, A, [item()], { slot }), [BYTES])
      for (const batch of [0, 1]) {
        equal((await peer.take('result', (one) => one.batch === batch)).message.items.length, 1)
      }
      deepEqual(await told(), { type: 'scaled', slots: 2, duty: 1, threads: 1 })
      peer.send({ type: 'scale', slots: 0, threads: 2 })
      deepEqual(await told(), { type: 'scaled', slots: 0, duty: 1, threads: 2 })
      // On a new link it says again what is worth it, and what is in use beyond the slots' number.
      peer.close()
      const again = await coordinator.nextPeer()
      deepEqual([again.hello.speedups, again.hello.threadsPerRun], [message.speedups, 2])
      deepEqual((await again.take('scaled')).message, {
        ...{ type: 'scaled', slots: 1, duty: 1, threads: 2 },
      })
      equal(node.state.inUse.slots, 1)
    },
  ))
