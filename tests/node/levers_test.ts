/** What the coordinator has in use of a node, and the limits that it never passes. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { createGrower } from '../../src/node/backend/grow.ts'
import type { InstanceSpec } from '../../src/node/engine/worker_api.ts'
import { createLevers } from '../../src/node/levers.ts'
import type { SlotBatch } from '../../src/node/slot/batch_queue.ts'
import type { SlotEvents } from '../../src/node/slot/events.ts'
import { createPace } from '../../src/node/slot/pace.ts'
import { createSlotPool, type PoolEvents } from '../../src/node/slot/pool.ts'
import type { Slot } from '../../src/node/slot/slot.ts'
import { createWatch } from '../../src/node/state.ts'
import { workingShare } from '../../src/protocol/duty.ts'
import type { NodeMessage, Scale } from '../../src/protocol/messages.ts'
import { createTestClock, type TestClock } from './clock.ts'
import {
  A,
  B,
  batchOf,
  BYTES,
  C,
  createGates,
  item,
  load,
  loadOn,
  testHost,
  withNode,
} from './fixture.ts'

const SPEC = { key: 'p/t/v' } as InstanceSpec
const BATCH_MS = 40

/** A slot that takes 100 ms to load and runs one batch at a time. */
function fakeSlot(clock: TestClock, events: SlotEvents, count: (open: number) => void): Slot {
  const held = new Set<string>()
  let running: SlotBatch | undefined
  count(1)
  return {
    offer(batch) {
      if (running !== undefined) return 'full'
      running = batch
      clock.after(BATCH_MS, () => {
        running = undefined
        events.done(batch, [], { queueMs: 0, computeMs: BATCH_MS, elapsedMs: BATCH_MS })
      })
      return 'taken'
    },
    cancel: () => 'dropped',
    load: (spec) => void clock.after(100, () => held.add(spec.key)),
    unload() {},
    prepare() {},
    renew: () => Promise.resolve(undefined),
    measure: () =>
      new Promise((resolve) => void clock.after(10, () => resolve({ runMs: 10, rows: 1 }))),
    recount() {},
    park: () => running === undefined,
    holds: (key) => held.has(key),
    idle: true,
    lastBatchMs: 0,
    close: () => count(-1),
  }
}

function scene(limit: { slots: number; duty: number; threads: number }) {
  const clock = createTestClock()
  const told: NodeMessage[] = []
  let open = 0
  let mayWork = true
  let threads = limit.threads
  const done: SlotBatch[] = []
  const events = {
    ...{ ready() {}, loadFailed() {}, restarted() {}, idle() {} },
    done: (_slot: number, batch: SlotBatch) => done.push(batch),
  } as unknown as PoolEvents
  const pool = createSlotPool(
    1,
    (events) => fakeSlot(clock, events, (more) => void (open += more)),
    events,
  )
  pool.serving.forEach((slot) => slot.load(SPEC))
  const grower = createGrower({
    ...{ clock, pool, again() {}, grown: () => levers.grown() },
    pace: createPace(clock, () => 1, () => mayWork),
    mostSlots: () => limit.slots,
    probe: () => SPEC,
  })
  const levers = createLevers({
    ...{ watch: createWatch(1, limit.duty), duty: limit.duty, cold: false },
    ...{ limit: () => limit, threads: () => threads, pool: () => pool, grower: () => grower },
    moves: {
      isMixed: false,
      useThreads(count) {
        threads = count
        return Promise.resolve()
      },
    },
    send: (message) => void told.push(message),
  })
  return {
    ...{ clock, pool, levers, grower, told, done },
    open: () => open,
    pause: (is: boolean) => void (mayWork = !is),
  }
}

const share = fc.double({ min: 0.01, max: 1, noNaN: true })
const step = fc.oneof(
  fc.record({
    slots: fc.option(fc.oneof(fc.integer({ min: 0, max: 6 }), fc.double()), { nil: undefined }),
    duty: fc.option(fc.oneof(share, fc.double()), { nil: undefined }),
    threads: fc.option(fc.oneof(fc.integer({ min: 1, max: 4 }), fc.double()), { nil: undefined }),
  }),
  fc.constantFrom('batch', 'grow', 'pause', 'resume', 'rejoin'),
  fc.integer({ min: 0, max: 300 }),
)

Deno.test('no sequence of wishes, batches, pauses and links takes a node beyond its limits', () =>
  fc.assert(
    fc.asyncProperty(
      fc.record({
        slots: fc.integer({ min: 1, max: 4 }),
        duty: share,
        threads: fc.constantFrom(1, 2),
      }),
      fc.array(step, { maxLength: 20 }),
      async (limit, steps) => {
        const { clock, pool, levers, grower, told, open, pause } = scene(limit)
        const check = () => {
          const { slots, duty, threads } = levers.inUse
          ok(slots >= 0 && slots <= limit.slots, `${slots} slots of ${limit.slots}`)
          ok(pool.kept <= limit.slots && open() <= limit.slots)
          ok(duty > 0 && duty <= limit.duty && levers.share <= workingShare(limit.duty))
          ok(threads >= 1 && threads <= limit.threads)
        }
        await clock.advance(100)
        for (const one of steps) {
          if (typeof one === 'object') void levers.scale(one as Scale)
          else if (typeof one === 'number') await clock.advance(one)
          else if (one === 'batch') {
            pool.slot(pool.serving.length - 1)!.offer({ key: SPEC.key } as SlotBatch)
          } else if (one === 'grow') void grower.run()
          else if (one === 'rejoin') levers.reset()
          else pause(one === 'pause')
          check()
        }
        await clock.advance(30_000)
        check()
        for (const message of told) {
          if (message.type !== 'scaled') continue
          ok(message.slots <= limit.slots && message.duty <= limit.duty)
        }
        // The last wish is answered, and so is what came of it.
        const last = steps.findLast((one) => typeof one === 'object' || one === 'rejoin')
        if (typeof last === 'object' && last.slots !== undefined && !Number.isNaN(last.slots)) {
          equal(told.at(-1)?.type, 'scaled')
          deepEqual(told.at(-1), { type: 'scaled', ...levers.inUse })
        }
      },
    ),
    { numRuns: 300 },
  ))

Deno.test('a wish for fewer slots is done once the batch that runs there is', async () => {
  const { clock, pool, levers, told, done, open } = scene({ slots: 3, duty: 1, threads: 1 })
  await clock.advance(100)
  void levers.scale({ slots: 3 })
  await clock.advance(200)
  deepEqual(told, [{ type: 'scaled', slots: 3, duty: 1, threads: 1 }])
  equal(pool.slot(2)!.offer({ key: SPEC.key } as SlotBatch), 'taken')
  void levers.scale({ slots: 1, duty: 0.5 })
  await clock.advance(BATCH_MS / 2)
  equal(pool.slot(2), undefined)
  deepEqual([levers.inUse.slots, levers.inUse.duty, told.length], [1, 0.5, 1])
  await clock.advance(BATCH_MS)
  equal(done.length, 1)
  deepEqual(told.at(-1), { type: 'scaled', slots: 1, duty: 0.5, threads: 1 })
  // They are warm yet: in use again without a moment's wait.
  equal(open(), 3)
  void levers.scale({ slots: 2 })
  equal(pool.slot(1)!.holds(SPEC.key), true)
  equal(pool.slot(1)!.offer({ key: SPEC.key } as SlotBatch), 'taken')
})

Deno.test('a node on pause brings up no slot, and says how many there are', async () => {
  const { clock, levers, told, open, pause } = scene({ slots: 3, duty: 1, threads: 1 })
  pause(true)
  void levers.scale({ slots: 3 })
  await clock.advance(30_000)
  equal(open(), 1)
  deepEqual(told, [{ type: 'scaled', slots: 1, duty: 1, threads: 1 }])
})

Deno.test('a slot of a real node that is parked takes no batch, and one at once when it is not', () =>
  withNode({ slots: 2, duty: 0.9 }, async ({ peer, node }) => {
    using gates = createGates()
    equal(peer.hello.slots, 2)
    await load(peer, A)
    await loadOn(peer, 1, A)
    peer.send(batchOf(1, A, [item({ wait: 'door' })], { slot: 1 }), [BYTES])
    await gates.reached('door')
    peer.send(batchOf(2, A, [item()], { slot: 1 }), [BYTES])
    peer.send({ type: 'scale', slots: 1 })
    peer.send(batchOf(3, A, [item()], { slot: 1 }), [BYTES])
    match((await peer.take('batch_failed')).message.message, /no slot 1/)
    equal(peer.received.some(({ message }) => message.type === 'scaled'), false)
    gates.open('door')
    // What came before is served, what waited too.
    equal((await peer.take('result')).message.batch, 1)
    equal((await peer.take('result')).message.batch, 2)
    deepEqual((await peer.take('scaled')).message, {
      ...{ type: 'scaled', slots: 1, duty: 0.9, threads: 1 },
    })
    deepEqual(node.state.inUse, { slots: 1, duty: 0.9, threads: 1 })
    equal(node.state.ready.length, 2)

    peer.send({ type: 'scale', slots: 250, duty: 1, threads: 8 })
    peer.send(batchOf(4, A, [item()], { slot: 1 }), [BYTES])
    equal((await peer.take('result')).message.batch, 4)
    deepEqual((await peer.take('scaled')).message, {
      ...{ type: 'scaled', slots: 2, duty: 0.9, threads: 1 },
    })
    // It was asked to hold nothing anew.
    peer.send({ type: 'load', instances: [{ slot: 1, ...A }] })
    const { message: ready } = await peer.take('ready', ({ slot }) => slot === 1)
    equal(ready.loadMs, 0)
  }))

Deno.test('a node with nothing in use says so, stays warm, and serves what comes', () =>
  withNode({ slots: 2 }, async ({ peer, node }) => {
    await load(peer, A)
    await loadOn(peer, 1, A)
    peer.send({ type: 'scale', slots: 0, duty: 0.5 })
    const resting = { slots: 0, duty: 0.5, threads: 1 }
    deepEqual((await peer.take('scaled')).message, { type: 'scaled', ...resting })
    deepEqual(node.state.inUse, resting)
    for (const slot of [0, 1]) {
      peer.send(batchOf(slot, A, [item()], { slot }), [BYTES])
      equal((await peer.take('result')).message.batch, slot)
    }
    await loadOn(peer, 1, B)
    deepEqual(node.state.inUse, resting)
    // What is left out stays as it is.
    peer.send({ type: 'scale', duty: 1 })
    deepEqual((await peer.take('scaled')).message, { type: 'scaled', ...resting, duty: 1 })
    peer.send({ type: 'scale', slots: 1 })
    equal((await peer.take('scaled')).message.slots, 1)
    // What is parked can be filled, and is spoken of.
    await loadOn(peer, 1, C)
    equal(node.state.ready.length, 4)
  }))

Deno.test('a real node brings up a slot that is wished for, and a rest ends when more is', () =>
  withNode({ growing: true, threads: 2, duty: 1 }, async ({ peer }) => {
    equal(peer.hello.slots, 1)
    await load(peer, A)
    peer.sendRaw(JSON.stringify({ type: 'scale', slots: -1, duty: 7 }))
    peer.send({ type: 'scale', slots: 2 })
    equal((await peer.take('report', ({ slots }) => slots !== undefined)).message.slots, 2)
    deepEqual((await peer.take('scaled')).message, {
      ...{ type: 'scaled', slots: 2, duty: 1, threads: 1 },
    })
    await loadOn(peer, 1, A)
    peer.send({ type: 'scale', duty: 0.01 })
    equal((await peer.take('scaled')).message.duty, 0.01)
    peer.send(batchOf(1, A, [item()]), [BYTES])
    const { computeMs } = (await peer.take('result')).message
    // It would rest a hundred times as long.
    peer.send(batchOf(2, A, [item()]), [BYTES])
    peer.send({ type: 'scale', duty: 1 })
    const { message } = await peer.take('result')
    equal(message.batch, 2)
    ok(message.queueMs < 50 * Math.max(computeMs, 1), `${message.queueMs} after ${computeMs} ms`)
  }))

Deno.test('a node whose runs have two threads gives them one when told, and two again', () =>
  withNode(
    {
      host: {
        ...testHost(crypto.randomUUID()),
        ...{ runtime: 'browser', threads: 2, sharesMemory: true },
        createWorker: () =>
          new Worker(new URL('./worker_paced.ts', import.meta.url), {
            type: 'module',
            name: JSON.stringify({ wasm: 10, wasm2: 5 }),
          }),
      },
      ...{ growing: true, threads: 2, threadsPerRun: 2 },
    },
    async ({ peer }) => {
      equal(peer.hello.threadsPerRun, 2)
      await load(peer, A)
      // Two of two threads are more than two processors.
      peer.send({ type: 'scale', slots: 2, threads: 9 })
      const told = async () => (await peer.take('scaled')).message
      deepEqual(await told(), { type: 'scaled', slots: 1, duty: 1, threads: 2 })
      peer.send({ type: 'scale', threads: 1 })
      deepEqual(await told(), { type: 'scaled', slots: 1, duty: 1, threads: 1 })
      peer.send({ type: 'scale', slots: 2 })
      deepEqual(await told(), { type: 'scaled', slots: 2, duty: 1, threads: 1 })
      peer.send({ type: 'scale', threads: 2 })
      deepEqual(await told(), { type: 'scaled', slots: 1, duty: 1, threads: 2 })
      peer.send(batchOf(1, A, [item()]), [BYTES])
      equal((await peer.take('result')).message.batch, 1)
    },
  ))

Deno.test('a new link begins with all that is lent', () =>
  withNode({ slots: 2, duty: 0.9 }, async ({ coordinator, peer, node }) => {
    await loadOn(peer, 1, A)
    peer.send({ type: 'scale', slots: 1, duty: 0.2 })
    await peer.take('scaled')
    peer.close()
    const again = await coordinator.nextPeer()
    deepEqual([again.hello.slots, again.hello.duty], [2, 0.9])
    // It is warm yet.
    again.send({ type: 'load', instances: [{ slot: 1, ...A }] })
    equal((await again.take('ready')).message.loadMs, 0)
    deepEqual(node.state.inUse, { slots: 2, duty: 0.9, threads: 1 })
  }))
