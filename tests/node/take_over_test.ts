/** A slot that is taken over by a new worker: one that dies before it has begun, or is one of two. */
import { deepEqual } from 'node:assert/strict'
import { systemClock } from '../../src/node/clock.ts'
import { createCatalog } from '../../src/node/models/catalog.ts'
import type { SlotEvents } from '../../src/node/slot/events.ts'
import { createSlot } from '../../src/node/slot/slot.ts'
import { A, B, C, PIPELINE, servedFrom, testHost } from './fixture.ts'

/** Holds whatever it is given; the `n`-th that is made dies when it is to unload. */
const workerDyingOf = (n: number) => {
  let made = 0
  return () => {
    const script = `
      import { expose } from ${JSON.stringify(import.meta.resolve('comlink'))}
      const done = (value) => ({ ok: true, value })
      const die = () => {
        // Deno prints it: one line is enough.
        setTimeout(() => { throw Object.assign(new Error('out of the blue'), { stack: '' }) }, 0)
        return new Promise(() => {})
      }
      expose({
        init: () => done({ backend: 'wasm' }),
        needs: () => done(true),
        load: () => done({ warmMs: 1 }),
        unload: () => ${++made} === ${n} ? die() : done(null),
      })`
    const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }))
    return new Worker(url, { type: 'module' })
  }
}

Deno.test('slot outlives a worker that dies as it takes over, and has the next hold what is left', async () => {
  const bytes = Uint8Array.of(1)
  const { pipelines, models } = await servedFrom(PIPELINE, { m: bytes })
  const catalog = createCatalog({ pipelines: pipelines as never[], models })
  const told: string[] = []
  let heard = () => {}
  const tell = (what: string) => (told.push(what), heard())
  const until = async (what: string) => {
    while (!told.includes(what)) await new Promise<void>((resolve) => heard = resolve)
    told.length = 0
  }
  const ignored = { said() {}, done() {}, expired() {}, failed() {}, calledOff() {} }
  const events: SlotEvents = {
    ...ignored,
    ready: ({ key }) => tell(`ready ${key}`),
    loadFailed: ({ key }) => tell(`failed ${key}`),
    restarted: ({ message }) => tell(message),
    idle: () => tell('idle'),
  }
  const slot = createSlot({
    ...{ clock: systemClock, assets: testHost('').assets, duty: () => 1, events },
    createWorker: workerDyingOf(2),
    engine: () => ({ backend: 'wasm', threads: 1 }),
    fetchModel: () => Promise.resolve(bytes),
  })
  try {
    const [a, b, c] = [A, B, C].map(catalog.spec)
    for (const spec of [a!, b!, c!]) slot.load(spec)
    await until('idle')
    const renewal = slot.renew()
    slot.unload(a!.key)
    slot.unload(b!.key)
    const next = await renewal
    told.length = 0
    next!.commit()
    await until('ready p/second/c')
    deepEqual([A, B, C].map((name) => slot.holds(catalog.spec(name).key)), [false, false, true])
  } finally {
    slot.close()
  }
})

Deno.test('slot that is to be taken over twice while a batch runs ends the first of the two', async () => {
  const { pipelines, models } = await servedFrom(PIPELINE, { m: Uint8Array.of(1) })
  const spec = createCatalog({ pipelines: pipelines as never[], models }).spec(A)
  const script = `
    import { expose } from ${JSON.stringify(import.meta.resolve('comlink'))}
    const done = (value) => ({ ok: true, value })
    const told = new Promise((resolve) => new BroadcastChannel('shoal-test-over').onmessage = resolve)
    expose({
      init: () => done({ backend: 'wasm' }),
      needs: () => done(true),
      load: () => done({ warmMs: 1 }),
      run: async () => (await told, done({ results: [] })),
    })`
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }))
  const alive = new Set<number>()
  let made = 0
  const idle = Promise.withResolvers<void>()
  const ready = Promise.withResolvers<void>()
  const over = Promise.withResolvers<void>()
  let ran = false
  const slot = createSlot({
    ...{ clock: systemClock, assets: testHost('').assets, duty: () => 1 },
    events: {
      ...{ said() {}, expired() {}, failed() {}, calledOff() {}, loadFailed() {}, restarted() {} },
      done: () => void (ran = true),
      ready: () => ran ? over.resolve() : ready.resolve(),
      idle: () => idle.resolve(),
    },
    createWorker() {
      const index = made++
      const worker = new Worker(url, { type: 'module' })
      const terminate = worker.terminate.bind(worker)
      alive.add(index)
      worker.terminate = () => {
        alive.delete(index)
        terminate()
      }
      return worker
    },
    engine: () => ({ backend: 'wasm', threads: 1 }),
    fetchModel: () => Promise.resolve(Uint8Array.of(1)),
  })
  using channel = {
    it: new BroadcastChannel('shoal-test-over'),
    [Symbol.dispose]() {
      this.it.close()
    },
  }
  try {
    slot.load(spec)
    await ready.promise
    await idle.promise
    const batch = { batch: 1, key: spec.key, items: [], crops: 'raw' as const }
    const receivedMs = systemClock.nowMs()
    slot.offer({ ...batch, receivedMs, expiresMs: receivedMs + 60_000, giveUpMs: 60_000 })
    for (let n = 0; n < 2; n++) (await slot.renew())!.commit()
    channel.it.postMessage('end')
    await over.promise
    deepEqual([...alive], [2])
  } finally {
    slot.close()
    URL.revokeObjectURL(url)
  }
  deepEqual([...alive], [])
})
