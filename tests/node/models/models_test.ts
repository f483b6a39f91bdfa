import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { systemClock } from '../../../src/node/clock.ts'
import { createModelStore, type ModelRef } from '../../../src/node/models/models.ts'
import { sha256Hex } from '../../../src/node/models/sha256.ts'
import { createTestClock } from '../clock.ts'
import { A, load, withNode } from '../fixture.ts'

const bytes = crypto.getRandomValues(new Uint8Array(50_000))
const other = crypto.getRandomValues(new Uint8Array(50_000))
const ref: ModelRef = { sha256: await sha256Hex(bytes), bytes: bytes.byteLength }

/** A store whose downloads are these answers in turn; the last one for all further ones. */
async function withStore(
  answers: (() => Response)[],
  play: (scene: {
    store: ReturnType<typeof createModelStore>
    open: () => ReturnType<typeof createModelStore>
    cache: Cache
    asked: string[]
    warnings: string[]
  }) => Promise<void>,
) {
  const name = crypto.randomUUID()
  const cache = await caches.open(name)
  const asked: string[] = []
  const warnings: string[] = []
  const open = () =>
    createModelStore({
      clock: systemClock,
      cache,
      tries: 3,
      retryMs: 1,
      onWarning: (message) => warnings.push(message),
      fetch: (url) => {
        asked.push(String(url))
        const answer = answers[Math.min(asked.length, answers.length) - 1]!
        return Promise.resolve(answer())
      },
    })
  await play({ store: open(), open, cache, asked, warnings })
  await caches.delete(name)
}

const good = () => new Response(bytes)

Deno.test('models are fetched once for all who ask, with progress, then remembered', async () => {
  await withStore([good], async ({ store, asked }) => {
    const seen: number[] = []
    const both = await Promise.all([
      store.get(ref, 'http://c/models/', (done) => seen.push(done)),
      store.get(ref, 'http://c/models/'),
    ])
    deepEqual(both, [bytes, bytes])
    deepEqual(await store.get(ref, 'http://c/models/'), bytes)
    deepEqual(asked, [`http://c/models/${ref.sha256}`])
    equal(seen.at(-1), bytes.byteLength)
  })
})

Deno.test('models come from the cache at the next start', async () => {
  await withStore([good], async ({ store, open, asked }) => {
    await store.get(ref, 'http://c/')
    const next = open()
    deepEqual(await next.cached(), [ref.sha256])
    deepEqual(await next.get(ref, 'http://elsewhere/'), bytes)
    equal(asked.length, 1)
  })
})

Deno.test('models with another hash are refused and fetched again', async () => {
  await withStore([() => new Response(other), good], async ({ store, asked, warnings }) => {
    deepEqual(await store.get(ref, 'http://c/'), bytes)
    equal(asked.length, 2)
    match(warnings.join('\n'), /received bytes of hash/)
  })
  await withStore([() => new Response(other)], async ({ store, asked, cache }) => {
    await rejects(store.get(ref, 'http://c/'), /received bytes of hash/)
    equal(asked.length, 3)
    deepEqual(await cache.keys(), [])
    // A failure is not kept: the next one to ask starts afresh.
    await rejects(store.get(ref, 'http://c/'), /received bytes of hash/)
    equal(asked.length, 6)
  })
})

Deno.test('models damaged in the cache are deleted and fetched again', async () => {
  await withStore([good], async ({ store, open, cache, asked, warnings }) => {
    await store.get(ref, 'http://c/')
    const [key] = await cache.keys()
    await cache.put(key!, new Response(other))
    deepEqual(await open().get(ref, 'http://c/'), bytes)
    equal(asked.length, 2)
    match(warnings.join('\n'), /damaged in the cache/)
    deepEqual(await open().get(ref, 'http://c/'), bytes)
    equal(asked.length, 2)
  })
})

Deno.test('models cut short or overlong are fetched again, missing ones are not', async () => {
  const short = () => new Response(bytes.slice(1))
  const long = () => new Response(new Blob([bytes, 'x']))
  await withStore([short, long, good], async ({ store, asked }) => {
    deepEqual(await store.get(ref, 'http://c/'), bytes)
    equal(asked.length, 3)
  })
  await withStore([() => new Response('', { status: 404 })], async ({ store, asked }) => {
    await rejects(store.get(ref, 'http://c/'), /status 404/)
    equal(asked.length, 1)
  })
  await withStore([() => new Response('', { status: 503 }), good], async ({ store, asked }) => {
    deepEqual(await store.get(ref, 'http://c/'), bytes)
    equal(asked.length, 2)
  })
})

Deno.test('models beyond the memory budget leave memory, least used first', async () => {
  const sizes = new Map<string, Uint8Array<ArrayBuffer>>()
  const refs: ModelRef[] = []
  for (let i = 0; i < 3; i++) {
    const model = crypto.getRandomValues(new Uint8Array(1000))
    refs.push({ sha256: await sha256Hex(model), bytes: 1000 })
    sizes.set(refs[i]!.sha256, model)
  }
  let asked = 0
  const store = createModelStore({
    clock: systemClock,
    memoryBytes: 2000,
    fetch: (url) => {
      asked++
      return Promise.resolve(new Response(sizes.get(String(url).slice('http://c/'.length))!))
    },
  })
  for (const ref of refs) await store.get(ref, 'http://c/')
  await store.get(refs[2]!, 'http://c/')
  await store.get(refs[1]!, 'http://c/')
  equal(asked, 3)
  await store.get(refs[0]!, 'http://c/')
  equal(asked, 4)
})

Deno.test('node that cannot get a model says so and stays', async () => {
  await withNode({}, async ({ peer, coordinator }) => {
    coordinator.answerModel = () => new Response('', { status: 404 })
    peer.send({ type: 'load', instances: [{ slot: 0, ...A }] })
    match((await peer.take('load_failed')).message.message, /status 404/)
    coordinator.answerModel = () => undefined
    await load(peer, A)
  })
})

Deno.test('node downloads nothing at its second start', async () => {
  const cache = crypto.randomUUID()
  await withNode({ cache: cache }, async ({ peer, hash }) => {
    await load(peer, A)
    await withSecond(cache, hash)
  })
})

async function withSecond(cache: string, hash: string): Promise<void> {
  await withNode({ cache }, async ({ peer, coordinator }) => {
    deepEqual(peer.hello.cached, [hash])
    await load(peer, A)
    equal(coordinator.downloads.get(hash), undefined)
  })
}

Deno.test('a download that fails half way is told to be over', async () => {
  const clock = createTestClock()
  await withNode({ clock }, async ({ peer, node, coordinator }) => {
    const cut = Promise.withResolvers<void>()
    coordinator.answerModel = (_, time) => {
      if (time > 1) return new Response('', { status: 404 })
      return new Response(
        new ReadableStream({
          async start(controller) {
            // Told of every half second.
            await clock.advance(500)
            controller.enqueue(new Uint8Array(1000))
            await cut.promise
            controller.close()
          },
        }),
      )
    }
    const shown: [number, number][] = []
    node.subscribe((event) => {
      if (event.type === 'progress') shown.push([event.done, event.total])
      if (event.type === 'warning') void clock.advance(1000)
    })
    peer.send({ type: 'load', instances: [{ slot: 0, ...A }] })
    const { message } = await peer.take('report', ({ progress }) => progress !== undefined)
    equal(message.progress!.done, 1000)
    cut.resolve()
    await peer.take('load_failed')
    const over = { label: message.progress!.label, done: 0, total: 0 }
    deepEqual(
      peer.received.flatMap(({ message }) => message.type === 'report' ? message.progress : []),
      [message.progress, over],
    )
    deepEqual(shown, [[1000, message.progress!.total], [0, 0]])
  })
})
