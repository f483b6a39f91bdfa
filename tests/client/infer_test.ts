/** The client against a real port: when it tries again, when it gives up, what it throws. */
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { readEvents } from '../../src/client/events.ts'
import { createClient, type PoolEvent } from '../../src/client/mod.ts'
import { joinScripted, PIXEL_PNG, untilReady, withCoordinator } from '../coordinator/fixture.ts'
import { failure, refusal, timeoutOf, withServer } from './scene.ts'

Deno.test('infer() tries again when the answer says when, with what is left of the time', () =>
  withServer(
    (_, tries) =>
      tries === 1 ? refusal(503, 'queue_full', '1') : Response.json({ outputs: { n: [tries] } }),
    async (url, seen) => {
      const { outputs } = await createClient(url).infer('ocr', PIXEL_PNG, { timeoutMs: 20_000 })
      assert.deepEqual(outputs, { n: [2] })
      assert.equal(timeoutOf(seen[0]), 20_000)
      assert.ok(timeoutOf(seen[1]) <= 19_000, `${timeoutOf(seen[1])}`)
    },
  ))

Deno.test('infer() tries once where another try cannot help, or not in time', () =>
  withServer((request) => {
    const [status, reason, retryAfter] = decodeURIComponent(request.url).split('/')[5]!.split(',')
    return refusal(Number(status), reason!, retryAfter)
  }, async (url, seen) => {
    const shoal = createClient(url)
    const once = async (answer: string, timeoutMs?: number) => {
      const options = timeoutMs === undefined ? {} : { timeoutMs }
      const error = await failure(shoal.infer(answer, PIXEL_PNG, options))
      assert.equal(seen.length, 1, answer)
      seen.length = 0
      return error
    }
    const none = await once('503,infeasible_deadline', 20_000)
    assert.equal(none.reason, 'infeasible_deadline')
    assert.equal(none.retryAfterS, undefined)
    assert.equal((await once('400,invalid_input', 20_000)).status, 400)
    assert.equal((await once('503,queue_full,30', 20_000)).retryAfterS, 30)
    await once('503,queue_full,1')
  }))

Deno.test('infer() throws the reason of an aborted signal, also while it waits to try again', () =>
  withServer(() => refusal(503, 'queue_full', '30'), async (url, seen) => {
    const abort = new AbortController()
    const work = createClient(url).infer('ocr', PIXEL_PNG, {
      ...{ timeoutMs: 600_000, signal: abort.signal },
    })
    while (seen.length === 0) await new Promise((done) => setTimeout(done, 1))
    const why = new Error('not wanted any more')
    abort.abort(why)
    assert.equal(await work.catch((error) => error), why)
    const again = createClient(url).infer('ocr', PIXEL_PNG, { signal: abort.signal })
    assert.equal(await again.catch((error) => error), why)
    assert.equal(seen.length, 1)
  }))

Deno.test('calls leave nothing on a signal that lives longer than they do', () =>
  withServer(
    ({ url }, tries) =>
      url.endsWith('/events')
        ? new Response('event: plan\ndata: {}\n\n')
        : tries === 1
        ? refusal(503, 'queue_full', '1')
        : Response.json({}),
    async (url) => {
      const { signal } = new AbortController()
      const shoal = createClient(url)
      await shoal.infer('ocr', PIXEL_PNG, { timeoutMs: 20_000, signal })
      for await (const _ of shoal.events(signal));
      assert.deepEqual(getEventListeners(signal, 'abort'), [])
    },
  ))

Deno.test('infer() gives up on a coordinator that says nothing, and on one that is not there', async () => {
  await withServer(
    ({ signal }) => new Promise<Response>((done) => signal.onabort = () => done(new Response())),
    async (url) => {
      const error = await failure(createClient(url).infer('ocr', PIXEL_PNG, { timeoutMs: 100 }))
      assert.equal(error.reason, 'deadline_exceeded')
      assert.equal(error.status, 0)
    },
  )
  const error = await failure(createClient('http://127.0.0.1:9').getPlan())
  assert.equal(error.reason, 'unreachable')
  assert.ok(error.cause instanceof Error)
})

Deno.test('infer() tells a picture by its first bytes whatever its type says', () =>
  withServer(() => Response.json({ outputs: {} }), async (url, seen) => {
    const shoal = createClient(url)
    const types = ['application/octet-stream', 'binary/octet-stream', 'image/x-png', 'image/jpeg']
    for (const type of types) {
      await shoal.infer('ocr', new Blob([PIXEL_PNG], { type }))
    }
    await shoal.infer('ocr', new Blob(['words'], { type: 'text/plain' }))
    assert.deepEqual(
      seen.map((headers) => headers.get('content-type')),
      ['image/png', 'image/png', 'image/png', 'image/png', 'text/plain'],
    )
  }))

Deno.test('a key goes with each call, and pictures are typed by their first bytes', () =>
  withServer(() => Response.json({ outputs: {}, pipelines: [] }), async (url, seen) => {
    const shoal = createClient(url, { key: 'secret' })
    await shoal.infer('ocr', PIXEL_PNG)
    await shoal.infer('ocr', new Blob([new Uint8Array([0xff, 0xd8, 0xff])]))
    await shoal.infer('ocr', new Blob(['?'], { type: 'image/webp' }))
    await shoal.getPipelines()
    assert.deepEqual(
      seen.slice(0, 3).map((headers) => headers.get('content-type')),
      ['image/png', 'image/jpeg', 'image/webp'],
    )
    for (const headers of seen) assert.equal(headers.get('authorization'), 'Bearer secret')
  }))

Deno.test('events() tells how things stand and what changes, until the loop is left', () =>
  withCoordinator(async (coordinator) => {
    const shoal = createClient(coordinator.url)
    const told = new Map<string, PoolEvent>()
    let joined: Promise<unknown> | undefined
    for await (const event of shoal.events()) {
      told.set(event.event, event)
      joined ??= joinScripted(coordinator, 'one').then(() => untilReady(coordinator))
      if (['plan', 'node', 'metrics'].every((kind) => told.has(kind))) break
    }
    await joined
    const { data } = told.get('node') as Extract<PoolEvent, { event: 'node' }>
    assert.equal(data.nodes[0]?.name, 'one')
    const { listeners } = await (async function gone() {
      for (;;) {
        const stats = await shoal.stats()
        if (stats.listeners === 0) return stats
      }
    })()
    assert.equal(listeners, 0)
    const abort = new AbortController()
    const why = new Error('enough')
    await assert.rejects(async () => {
      for await (const _ of shoal.events(abort.signal)) abort.abort(why)
    }, why)
  }))

Deno.test('events() gives up a stream that falls silent, before or after its first word', async () => {
  for (const first of [undefined, 'event: work\ndata: {}\n\n']) {
    const gone = Promise.withResolvers<void>()
    await withServer(({ signal }) => {
      signal.addEventListener('abort', () => gone.resolve())
      if (first === undefined) return gone.promise.then(() => new Response())
      return new Response(
        new ReadableStream({
          start: (out) => out.enqueue(new TextEncoder().encode(first)),
          cancel: () => gone.resolve(),
        }),
      )
    }, async (url) => {
      const told: string[] = []
      await assert.rejects(async () => {
        const events = createClient(url).events(undefined, 200)
        for await (const { event } of events) told.push(event)
      }, { name: 'ShoalError', reason: 'unreachable', message: /nothing came for 0.2 s/ })
      assert.deepEqual(told, first === undefined ? [] : ['work'])
      await gone.promise
    })
  }
})

Deno.test('events() waits for ever where it is told to', async () => {
  const word = Promise.withResolvers<void>()
  const said = 'event: plan\ndata: {}\n\n'
  await withServer(
    () =>
      new Response(
        new ReadableStream({
          async start(body) {
            await word.promise
            body.enqueue(new TextEncoder().encode(said))
            body.close()
          },
        }),
      ),
    async (url) => {
      const seen: string[] = []
      const reading = (async () => {
        for await (const { event } of createClient(url).events(undefined, Infinity)) {
          seen.push(event)
        }
      })()
      // Longer than the timer of a wait that is none.
      setTimeout(word.resolve, 50)
      await reading
      assert.deepEqual(seen, ['plan'])
    },
  )
})

Deno.test('a comment is a sign of life of the stream, too', async () => {
  let waits = 0
  const body = new ReadableStream<Uint8Array>({
    start(out) {
      for (const text of [': ping\n\n', 'event: work\ndata: {}\n\n']) {
        out.enqueue(new TextEncoder().encode(text))
      }
    },
  })
  const events = readEvents(body, (next) => {
    waits++
    return next
  })
  await events.next()
  assert.equal(waits, 2)
  await events.return(undefined)
})

Deno.test('events are the same however their stream is cut', async () => {
  const bytes = new TextEncoder().encode(
    'event: plan\ndata: {"reason":"für alle"}\n\n: ping\n\nevent: work\ndata: {}\n\n',
  )
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
      controller.close()
    },
  })
  const events = await Array.fromAsync(readEvents(body, (next) => next))
  assert.deepEqual<unknown>(events, [
    { event: 'plan', data: { reason: 'für alle' } },
    { event: 'work', data: {} },
  ])
})
