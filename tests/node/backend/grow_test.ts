import { deepEqual, equal } from 'node:assert/strict'
import type { InstanceSpec } from '../../../src/node/engine/worker_api.ts'
import { createGrower } from '../../../src/node/backend/grow.ts'
import { createSlotPool, type PoolEvents } from '../../../src/node/slot/pool.ts'
import { createPace } from '../../../src/node/slot/pace.ts'
import type { Slot } from '../../../src/node/slot/slot.ts'
import type { SlotEvents } from '../../../src/node/slot/events.ts'
import { createTestClock, type TestClock } from '../clock.ts'

const SPEC = { key: 'p/t/v' } as InstanceSpec

/** Slots on a machine of `cores`: more slots than that share them. */
function machine(clock: TestClock, cores: number) {
  let running = 0
  let disturbed = false
  let stuck = false
  let open = 0
  const createSlot = (events: SlotEvents): Slot => {
    const held = new Set<string>()
    open++
    return {
      offer: () => 'taken',
      cancel: () => 'dropped',
      load(spec) {
        if (!stuck) {
          clock.after(100, () => {
            held.add(spec.key)
            events.ready(spec, 100)
          })
        }
      },
      unload() {},
      prepare() {},
      renew: () => Promise.resolve(undefined),
      measure: () =>
        new Promise((resolve) => {
          if (disturbed) return resolve(undefined)
          running++
          const runMs = 10 * Math.max(1, running / cores)
          clock.after(runMs, () => {
            running--
            resolve({ runMs, rows: 1 })
          })
        }),
      holds: (key) => held.has(key),
      idle: true,
      lastBatchMs: 0,
      recount() {},
      park: () => true,
      close: () => void open--,
    }
  }
  return {
    createSlot,
    open: () => open,
    disturb: (now: boolean) => void (disturbed = now),
    /** Nothing that is loaded from now on comes up. */
    stick: () => void (stuck = true),
    /** Others come or go. */
    leave: (free: number) => void (cores = free),
  }
}

async function grown(cores: number, mostSlots: number, firstSlots = 1) {
  const clock = createTestClock()
  const { createSlot, ...rest } = machine(clock, cores)
  const heard: number[] = []
  const events = {
    ready: (index: number) => heard.push(index),
    idle() {},
  } as unknown as PoolEvents
  const pool = createSlotPool(firstSlots, createSlot, events)
  pool.serving.forEach((slot) => slot.load(SPEC))
  await clock.advance(100)
  const told: number[] = []
  let asked = 0
  let isHeld = true
  const grower = createGrower({
    clock,
    pace: createPace(clock, () => 1, () => true),
    pool,
    mostSlots: () => mostSlots,
    probe: () => isHeld ? SPEC : undefined,
    again: () => void asked++,
    grown: (slots) => told.push(slots),
  })
  const run = async () => {
    let outcome: string | undefined
    void grower.run().then((value) => outcome = value)
    await clock.advance(50_000)
    return outcome
  }
  const hold = (now: boolean) => void (isHeld = now)
  return { ...rest, grower, pool, told, heard, run, hold, clock, asked: () => asked }
}

Deno.test('grower finds as many slots as the machine runs at once', async () => {
  for (const [cores, slots] of [[1, 1], [2, 2], [3, 3], [8, 8]] as const) {
    const { pool, told, run, open } = await grown(cores, 8)
    equal(await run(), 'done')
    equal(pool.serving.length, slots)
    equal(told.at(-1) ?? 1, slots)
    equal(open(), slots)
  }
})

Deno.test('grower stays within its limit', async () => {
  const { pool, run } = await grown(16, 5)
  await run()
  equal(pool.serving.length, 5)
})

Deno.test('grower gives way to work and goes on later; slots on trial are silent', async () => {
  const { pool, told, heard, run, disturb } = await grown(2, 2)
  disturb(true)
  equal(await run(), 'disturbed')
  equal(pool.serving.length, 1)
  deepEqual(told, [])
  deepEqual(heard, [0])
  disturb(false)
  equal(await run(), 'done')
  equal(pool.serving.length, 2)
})

Deno.test('grower asks to be tried again when the machine may be less busy', async () => {
  const { pool, run, leave, clock, asked } = await grown(1, 2)
  await run()
  equal(pool.serving.length, 1)
  equal(asked(), 0)
  await clock.advance(60_000)
  equal(asked(), 1)
  leave(2)
  await run()
  equal(pool.serving.length, 2)
})

Deno.test('grower tries ever more slots at once while they bring what they could', async () => {
  const { told, run } = await grown(8, 8)
  await run()
  deepEqual(told, [2, 4, 8])
})

Deno.test('grower gives up slots that do not come up', async () => {
  const { pool, run, open, stick } = await grown(4, 4)
  stick()
  equal(await run(), 'done')
  deepEqual([pool.serving.length, open()], [1, 1])
})

Deno.test('grower waits for something to measure with', async () => {
  const { pool, run, hold } = await grown(2, 2)
  hold(false)
  equal(await run(), 'disturbed')
  hold(true)
  equal(await run(), 'done')
  equal(pool.serving.length, 2)
})

Deno.test('grower asks six times at most, ever later, and no more once it is stopped', async () => {
  const { run, clock, asked } = await grown(1, 2)
  for (let n = 1; n <= 6; n++) {
    await run()
    await clock.advance(60_000 * 2 ** (n - 1) - 50_000)
    equal(asked(), n - 1)
    await clock.advance(50_000)
    equal(asked(), n)
  }
  await run()
  await clock.advance(100 * 60 * 60_000)
  equal(asked(), 6)

  const stopped = await grown(1, 2)
  await stopped.run()
  stopped.grower.stop()
  await stopped.clock.advance(60 * 60_000)
  equal(stopped.asked(), 0)
  stopped.leave(2)
  await stopped.run()
  equal(stopped.pool.serving.length, 1)
})

Deno.test('grower begins anew on another engine', async () => {
  const { pool, run, leave, grower } = await grown(1, 2)
  await run()
  leave(2)
  await run()
  equal(pool.serving.length, 1)
  grower.reset()
  await run()
  equal(pool.serving.length, 2)
})

Deno.test('grower keeps the slots that a node began with where the machine runs them at once', async () => {
  const { pool, told, run } = await grown(2, 2, 2)
  equal(await run(), 'done')
  equal(pool.serving.length, 2)
  deepEqual(told, [])
  const more = await grown(8, 8, 4)
  equal(await more.run(), 'done')
  equal(more.pool.serving.length, 8)
})

Deno.test('grower gives up the slots that a node began with where they only share what one has', async () => {
  const { pool, told, run, open } = await grown(1, 2, 2)
  equal(await run(), 'done')
  deepEqual([pool.serving.length, open()], [1, 1])
  deepEqual(told, [1])
})
