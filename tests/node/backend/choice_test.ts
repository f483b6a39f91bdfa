/** What is decided between backends and numbers of threads, by figures that a test gives. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { type BackendChoiceOptions, createBackendChoice } from '../../../src/node/backend/choice.ts'
import { createThreadChoice } from '../../../src/node/backend/thread_choice.ts'
import { createBackendMemory } from '../../../src/node/backend/memory.ts'
import { systemClock } from '../../../src/node/clock.ts'
import type { Adapter } from '../../../src/node/engine/adapter.ts'
import type { Host } from '../../../src/node/host.ts'
import { createCatalog } from '../../../src/node/models/catalog.ts'
import { createPace } from '../../../src/node/slot/pace.ts'
import type { Slot } from '../../../src/node/slot/slot.ts'
import { A, PIPELINE, servedFrom, testHost } from '../fixture.ts'

const GPU: Adapter = {
  ...{ vendor: 'acme', architecture: 'a1', description: '', software: false },
  ...{ maxBufferSize: 1e9, maxStorageBufferBindingSize: 1e9, shaderF16: true },
}
const BYTES = Uint8Array.of(1)
const { pipelines, models } = await servedFrom(PIPELINE, { m: BYTES })
const SPEC = createCatalog({ pipelines: pipelines as never[], models }).spec(A)
const SLOT = {
  holds: () => true,
  measure: () => Promise.resolve({ runMs: 1, rows: 1 }),
} as Partial<Slot> as Slot
const LOST = { ok: false, code: 'device_lost', message: 'gone' } as const

/** A worker whose engines take so many ms a run; absent, one that ends at once. */
function workerOf(paceMs: object | undefined): Worker {
  if (paceMs !== undefined) {
    const url = new URL('../worker_paced.ts', import.meta.url)
    return new Worker(url, { type: 'module', name: JSON.stringify(paceMs) })
  }
  const url = URL.createObjectURL(new Blob(['throw new Error("no such engine")']))
  const worker = new Worker(url, { type: 'module' })
  worker.addEventListener('error', () => URL.revokeObjectURL(url))
  return worker
}

/** What serves takes `hereMs` a run, what is tried beside it what `paceMs` says. */
function scene(
  hereMs: number,
  paceMs: object | undefined,
  options: Partial<BackendChoiceOptions> = {},
) {
  const kept = new Map<string, string>()
  const said: string[] = []
  let workers = 0
  let ended = 0
  let may = true
  let onWorker = () => {}
  const host: Host = {
    ...testHost(''),
    storage: {
      get: (key) => Promise.resolve(kept.get(key)),
      set: (key, value) => Promise.resolve(void kept.set(key, value)),
    },
    createWorker() {
      workers++
      const worker = workerOf(paceMs)
      const terminate = worker.terminate.bind(worker)
      worker.terminate = () => {
        ended++
        terminate()
      }
      onWorker()
      return worker
    },
  }
  const choice = createBackendChoice({
    ...{ clock: systemClock, pace: createPace(systemClock, () => 1, () => may), host },
    ...{ wish: 'auto', wishReason: undefined, gpu: true, threadsPerRun: undefined, processors: 2 },
    ...{ mostSlots: () => 1, fixedSlots: true, slots: () => [SLOT], samples: () => [SPEC] },
    ...{ heaviest: () => undefined, gained() {} },
    readAdapter: () => Promise.resolve(GPU),
    measure: () => Promise.resolve({ runMs: hereMs, rows: 1 }),
    fetchModel: () => Promise.resolve(BYTES),
    move: () => Promise.resolve(true),
    decided: ({ backend }, reason) => void said.push(`${backend} ${reason}`),
    ...options,
  })
  const memory = createBackendMemory(host.storage, host.assets)
  const remember = (backend: 'wasm' | 'webgpu', models: string) =>
    memory.keep(GPU, { backend, models, reason: `${backend}: as it was` })
  const pause = () => void (may = false)
  const tried = new Promise<void>((resolve) => onWorker = resolve)
  return { choice, said, kept, remember, pause, tried, workers: () => workers, ended: () => ended }
}

Deno.test('what was found out on the same models is not tried again', async () => {
  const { choice, said, remember, workers } = scene(1, { wasm: 1 })
  await remember('webgpu', SPEC.hash)
  await choice.start()
  deepEqual(choice.use, { backend: 'webgpu', threads: 1 })
  equal(await choice.run(), 'done')
  deepEqual([workers(), said], [0, []])
})

Deno.test('what was found out on other models is tried again, from the other side', async () => {
  const { choice, said, remember, kept } = scene(500, { wasm: 1 })
  await remember('webgpu', 'others')
  await choice.start()
  equal(await choice.run(), 'done')
  match(said.join(), /^wasm wasm: webgpu \(acme a1\) took 500 ms for a, wasm \d/)
  match(kept.get('backend')!, new RegExp(SPEC.hash))
})

Deno.test('a GPU that serves well stays where the trial of the processor fails', async () => {
  const { choice, said, remember } = scene(1, undefined)
  await remember('webgpu', 'others')
  await choice.start()
  equal(await choice.run(), 'done')
  deepEqual(said, ['webgpu webgpu: as it was'])
})

Deno.test('a GPU that proved faster and does not come up to take over is not moved to', async () => {
  const { choice, said, kept } = scene(500, { webgpu: 1 }, { move: () => Promise.resolve(false) })
  await choice.start()
  equal(await choice.run(), 'done')
  deepEqual(said, ['wasm wasm: a worker on webgpu did not come up to take over'])
  deepEqual([choice.use.backend, kept.size], ['wasm', 0])
})

Deno.test('a GPU must carry more than all workers on the processor would', async () => {
  const four = Array.from({ length: 4 }, () => SLOT)
  const { choice, said } = scene(100, { webgpu: 30 }, { slots: () => four })
  await choice.start()
  equal(await choice.run(), 'done')
  match(said.join(), /^wasm wasm: .* took \d+ ms for a, wasm 100 ms in each of 4 workers$/)
  const room = { fixedSlots: false, mostSlots: () => 4 }
  const { choice: back, said: told, remember } = scene(40, { wasm: 50 }, room)
  await remember('webgpu', 'others')
  await back.start()
  equal(await back.run(), 'done')
  match(told.join(), /^wasm wasm: .* took 40 ms for a, wasm \d+ ms in each of 4 workers$/)
})

Deno.test('where nothing can be measured four times, the present backend stays', async () => {
  const { choice, said } = scene(500, { webgpu: 1 }, { samples: () => [] })
  await choice.start()
  for (let n = 1; n < 4; n++) equal(await choice.run(), 'disturbed')
  equal(await choice.run(), 'done')
  deepEqual(said, ['wasm wasm: there was never time to measure the other one'])
})

Deno.test('a run that gave way, or a pause, puts the comparison off', async () => {
  const away = scene(500, { webgpu: 1 }, { measure: () => Promise.resolve(undefined) })
  await away.choice.start()
  equal(await away.choice.run(), 'disturbed')
  const paused = scene(500, { webgpu: 1 })
  await paused.choice.start()
  paused.pause()
  equal(await paused.choice.run(), 'disturbed')
  deepEqual([away.workers(), paused.workers(), away.said, paused.said], [0, 0, [], []])
})

Deno.test('a GPU that was asked for by name is kept whatever becomes of its workers', async () => {
  const { choice, said } = scene(500, undefined, { wish: 'webgpu' })
  await choice.start()
  for (let n = 0; n < 5; n++) choice.died(LOST)
  deepEqual([choice.use.backend, said], ['webgpu', []])
})

Deno.test('deaths on a GPU that lie far apart do not add up', async () => {
  let nowMs = 0
  const clock = { ...systemClock, nowMs: () => nowMs }
  const { choice, remember } = scene(500, undefined, { clock })
  await remember('webgpu', SPEC.hash)
  await choice.start()
  for (let n = 0; n < 5; n++) {
    choice.died(LOST)
    nowMs += 10 * 60_000
  }
  equal(choice.use.backend, 'webgpu')
  for (let n = 0; n < 2; n++) choice.died(LOST)
  equal(choice.use.backend, 'wasm')
})

/** Threads of a node in an isolated page, where all that is tried beside it is `paceMs`. */
function threads(paceMs: object | undefined, samples = [SPEC], may = true) {
  return createThreadChoice({
    ...{ clock: systemClock, pace: createPace(systemClock, () => 1, () => may), wish: undefined },
    host: {
      ...{ runtime: 'browser', sharesMemory: true, assets: testHost('').assets },
      createWorker: () => workerOf(paceMs),
    },
    ...{ processors: 2, fixedSlots: false, slots: () => [SLOT], samples: () => samples },
    ...{ native: false, heaviest: () => undefined, gained() {} },
    fetchModel: () => Promise.resolve(BYTES),
  })
}

Deno.test('one thread it stays where a worker of two fails, or cannot take over', async () => {
  const choice = threads(undefined)
  equal(await choice.run(), 'done')
  equal(choice.perRun, 1)
  match(choice.reason, /^one thread a run: a worker of two failed: .*no such engine/)
  const moved = threads({ wasm2: 1 })
  moved.stay()
  match(moved.reason, /^one thread a run: a worker of two did not come up/)
  equal(await moved.run(), 'done')
})

Deno.test('one thread it stays where there was never time to measure two', async () => {
  const choice = threads({ wasm2: 1 }, [], true)
  for (let n = 1; n < 4; n++) equal(await choice.run(), 'disturbed')
  equal(await choice.run(), 'done')
  equal(choice.reason, 'one thread a run: there was never time to measure two')
  equal(await threads({ wasm2: 1 }, [SPEC], false).run(), 'disturbed')
})

Deno.test('a trial of a GPU ends for a pause and at the end, and goes on beside a batch', async () => {
  for (const [end, outcome] of [['paused', 'disturbed'], ['stop', 'done']] as const) {
    const { choice, said, tried, ended } = scene(500, { webgpu: 60_000 })
    await choice.start()
    const run = choice.run()
    await tried
    choice[end]()
    equal(ended(), 1)
    deepEqual([await run, said], [outcome, []])
  }
  const { choice, said, tried, ended } = scene(500, { webgpu: 1 })
  await choice.start()
  const run = choice.run()
  await tried
  choice.disturb()
  equal(ended(), 0, 'a GPU leaves the processor to the batch')
  equal(await run, 'done')
  match(said.join(), /^webgpu /)
})

Deno.test('a GPU is compared on the quickest variant of each task', async () => {
  const other = { ...SPEC, key: 'p/second/c' }
  const { choice, said } = scene(500, { webgpu: 1 }, { samples: () => [SPEC, other] })
  await choice.start()
  equal(await choice.run(), 'done')
  match(said.join(), / ms for a \+ c, wasm 1000 ms$/)
})

Deno.test('a software adapter is not tried, and runs what asks for webgpu by name', async () => {
  const readAdapter = () => Promise.resolve({ ...GPU, software: true })
  const { choice, workers } = scene(500, { webgpu: 1 }, { readAdapter })
  await choice.start()
  equal(await choice.run(), 'done')
  equal(workers(), 0)
  equal(choice.use.backend, 'wasm')
  match(choice.reason, /^wasm: webgpu \(.*software adapter\) is used only where it is asked for$/)
  const asked = scene(500, { webgpu: 1 }, { readAdapter, wish: 'webgpu' })
  await asked.choice.start()
  equal(asked.choice.use.backend, 'webgpu')
})

Deno.test('what was found out elsewhere, or is no decision, is found out anew', async () => {
  const fresh = scene(500, { webgpu: 1 })
  await fresh.remember('webgpu', SPEC.hash)
  const good = JSON.parse(fresh.kept.get('backend')!)
  await fresh.choice.start()
  equal(fresh.choice.use.backend, 'webgpu')
  for (
    const change of [
      { device: 'another' },
      { build: 'another' },
      { backend: 'native' },
      { models: undefined },
      { reason: 7 },
    ]
  ) {
    const { choice, kept } = scene(500, { webgpu: 1 })
    kept.set('backend', JSON.stringify({ ...good, ...change }))
    await choice.start()
    equal(choice.use.backend, 'wasm', JSON.stringify(change))
    match(choice.reason, /yet to be measured/)
  }
  for (const text of ['', 'null', '{}', '7']) {
    const { choice, kept } = scene(500, { webgpu: 1 })
    kept.set('backend', text)
    await choice.start()
    equal(choice.use.backend, 'wasm', text)
  }
})

Deno.test('a GPU that is given up while the slots move to it is not decided for', async () => {
  const moved = Promise.withResolvers<boolean>()
  const moving = Promise.withResolvers<void>()
  const move = () => (moving.resolve(), moved.promise)
  const { choice, said, kept } = scene(500, { webgpu: 1 }, { move })
  await choice.start()
  const run = choice.run()
  await moving.promise
  for (let n = 0; n < 2; n++) choice.died(LOST)
  moved.resolve(true)
  equal(await run, 'done')
  deepEqual([choice.use.backend, said.length], ['wasm', 1])
  for (const told of [choice.reason, said[0]!, kept.get('backend')!]) match(told, /lost 2 times/)
})
