import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { createModelCache, type ModelCacheOptions } from '../../../src/node/models/model_cache.ts'
import { sha256Hex } from '../../../src/node/models/sha256.ts'

const SIZE = 1000

/** A model of that many bytes, with its hash. */
async function model(size = SIZE) {
  const bytes = crypto.getRandomValues(new Uint8Array(size))
  return { bytes, hash: await sha256Hex(bytes) }
}

async function withCache(
  play: (scene: {
    cache: Cache
    open: (options?: Partial<ModelCacheOptions>) => ReturnType<typeof createModelCache>
    warnings: string[]
  }) => Promise<void>,
) {
  const name = crypto.randomUUID()
  const cache = await caches.open(name)
  const warnings: string[] = []
  const onWarning = (message: string) => void warnings.push(message)
  await play({
    cache,
    warnings,
    open: (options) => createModelCache({ cache, budgetBytes: 3 * SIZE, onWarning, ...options }),
  })
  await caches.delete(name)
}

Deno.test({
  name: 'model cache leaves no file open',
  ignore: Deno.build.os !== 'linux',
  fn: () =>
    withCache(async ({ open }) => {
      const files = () => [...Deno.readDirSync('/proc/self/fd')].length
      const cache = open({ budgetBytes: 100 * SIZE })
      const before = files()
      for (let i = 0; i < 20; i++) {
        const { hash, bytes } = await model()
        await cache.put(hash, bytes)
      }
      // As many as there are sizes read: one for each model at each put.
      ok(files() < before + 20, `${files()} open, ${before} before`)
    }),
})

Deno.test('model cache evicts what was used longest ago', async () => {
  const [a, b, c, d] = await Promise.all([model(), model(), model(), model()])
  await withCache(async ({ open, warnings }) => {
    const first = open()
    for (const { hash, bytes } of [a, b, c]) await first.put(hash, bytes)
    await open().get(a.hash)
    const next = open()
    await next.put(d.hash, d.bytes)
    deepEqual(new Set(await next.hashes()), new Set([a.hash, c.hash, d.hash]))
    deepEqual(await next.get(a.hash), a.bytes)
    deepEqual(warnings, [])
  })
})

Deno.test('model cache keeps what this start used, and says what finds no room', async () => {
  const models = await Promise.all([model(), model(), model(), model(2 * SIZE)])
  await withCache(async ({ open, warnings }) => {
    const cache = open()
    for (const { hash, bytes } of models) await cache.put(hash, bytes)
    deepEqual(new Set(await cache.hashes()), new Set(models.slice(0, 3).map(({ hash }) => hash)))
    match(warnings.join('\n'), /No room on disk within .* stays in memory/)
  })
})

Deno.test('model cache whose budget was made smaller shrinks to it', async () => {
  const [a, b, c] = await Promise.all([model(), model(), model()])
  await withCache(async ({ open }) => {
    const first = open()
    for (const { hash, bytes } of [a, b, c]) await first.put(hash, bytes)
    const next = open({ budgetBytes: 2 * SIZE })
    deepEqual(await next.get(c.hash), c.bytes)
    deepEqual(new Set(await next.hashes()), new Set([b.hash, c.hash]))
  })
})

Deno.test('model cache deletes nothing for a model that would not fit all the same', async () => {
  const [a, large] = await Promise.all([model(), model(4 * SIZE)])
  await withCache(async ({ open }) => {
    await open().put(a.hash, a.bytes)
    const next = open()
    await next.put(large.hash, large.bytes)
    deepEqual(await next.hashes(), [a.hash])
  })
})

Deno.test('model cache keeps to the room that the browser leaves', async () => {
  const [a, b] = await Promise.all([model(), model()])
  await withCache(async ({ open, warnings }) => {
    await open().put(a.hash, a.bytes)
    const tight = open({ roomBytes: () => Promise.resolve(SIZE / 2) })
    await tight.put(b.hash, b.bytes)
    deepEqual(await tight.hashes(), [b.hash])
    const full = open({ roomBytes: () => Promise.resolve(-5 * SIZE) })
    await full.put(a.hash, a.bytes)
    deepEqual(await full.hashes(), [b.hash])
    equal(warnings.length, 1)
  })
})

Deno.test('model cache on a full disk warns and goes on', async () => {
  const { hash, bytes } = await model()
  await withCache(async ({ cache, open, warnings }) => {
    const full = new Proxy(cache, {
      get: (target, name) =>
        name === 'put'
          ? () => Promise.reject(new DOMException('full', 'QuotaExceededError'))
          : (target[name as keyof Cache] as () => unknown).bind(target),
    })
    await open({ cache: full }).put(hash, bytes)
    match(warnings.join('\n'), /the disk or its quota is full/)
    deepEqual(await open().hashes(), [])
  })
})

Deno.test('model cache that is not there keeps nothing and complains of nothing', async () => {
  const { hash, bytes } = await model()
  await withCache(async ({ open, warnings }) => {
    const none = open({ cache: undefined })
    await none.put(hash, bytes)
    equal(await none.get(hash), undefined)
    deepEqual(await none.hashes(), [])
    deepEqual(warnings, [])
  })
})

Deno.test('model cache of a Deno that lists no keys evicts and finds all the same', async () => {
  const [a, b, c, d] = await Promise.all([model(), model(), model(), model()])
  await withCache(async ({ cache, open, warnings }) => {
    const old = new Proxy(cache, {
      get: (target, name) =>
        name === 'keys' ? undefined : Reflect.get(target, name, target).bind(target),
    })
    const first = open({ cache: old })
    for (const { hash, bytes } of [a, b, c]) await first.put(hash, bytes)
    await open({ cache: old }).get(a.hash)
    const next = open({ cache: old })
    await next.put(d.hash, d.bytes)
    deepEqual(new Set(await next.hashes()), new Set([a.hash, c.hash, d.hash]))
    deepEqual(await next.get(a.hash), a.bytes)
    equal(await next.get(b.hash), undefined)
    deepEqual(warnings, [])
  })
})
