import assert from 'node:assert/strict'
import { createClient } from '../../src/client/client.ts'
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import type { MetricsEvent, NodesEvent, PlanInfo } from '../../src/client/types.ts'
import { createKeyring, hashOf, type Key } from '../../src/coordinator/core/keys.ts'
import { ask, joinScripted, untilReady, withCoordinator } from './fixture.ts'

interface Heard {
  event: string
  // deno-lint-ignore no-explicit-any
  data: any
  id: string
}

/** Listens as a browser's EventSource does; ends with the stream. */
async function* listen({ url }: Coordinator, signal?: AbortSignal): AsyncGenerator<Heard> {
  const response = await fetch(`${url}/v1/events`, { signal: signal ?? null })
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/)
  let text = ''
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
    text += part
    const blocks = text.split('\n\n')
    text = blocks.pop()!
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => {
          const at = line.indexOf(': ')
          return [line.slice(0, at), line.slice(at + 2)]
        }),
      )
      const data = fields.get('data')
      if (data === undefined) continue
      yield { event: fields.get('event')!, data: JSON.parse(data), id: fields.get('id')! }
    }
  }
}

async function first<T>(
  heard: AsyncGenerator<Heard>,
  event: string,
  fits: (data: T) => boolean,
): Promise<T> {
  for (;;) {
    const { done, value } = await heard.next()
    assert.ok(!done, `the stream ended before a fitting ${event}`)
    if (value.event === event && fits(value.data)) return value.data
  }
}

const listeners = async ({ url }: Coordinator) =>
  (await (await fetch(`${url}/v1/stats`)).json()).listeners as number

Deno.test('events tell of a node that joins and leaves, and of the plan that follows', () =>
  withCoordinator(async (coordinator) => {
    const heard = listen(coordinator)
    const before = await first<PlanInfo>(heard, 'plan', () => true)
    assert.equal(before.instances.length, 0)
    assert.notEqual(before.reason, '')
    const node = await joinScripted(coordinator, 'one')
    const joined = await first<NodesEvent>(heard, 'node', ({ nodes }) => nodes[0]?.id === 'one')
    assert.equal(joined.nodes[0]?.change, 'joined')
    await untilReady(coordinator)
    const after = await first<PlanInfo>(heard, 'plan', ({ instances }) => instances.length === 4)
    assert.ok(after.epoch > before.epoch)
    await node.leave()
    await first<NodesEvent>(heard, 'node', ({ nodes }) => nodes[0]?.change === 'left')
    await heard.return(undefined)
  }))

Deno.test('events tell of a node that pauses, and what for', () =>
  withCoordinator(async (coordinator) => {
    const heard = listen(coordinator)
    const node = await joinScripted(coordinator, 'one')
    await first<NodesEvent>(heard, 'node', ({ nodes }) => nodes[0]?.change === 'joined')
    node.send({ type: 'report', paused: true, pausedBy: 'battery' })
    const { nodes } = await first<NodesEvent>(
      heard,
      'node',
      ({ nodes }) => nodes[0]?.state === 'paused',
    )
    assert.equal(nodes[0]?.change, 'paused')
    assert.equal(nodes[0]?.pausedBy, 'battery')
    await heard.return(undefined)
  }))

Deno.test('under load a listener hears of it, at most four events a second', () =>
  withCoordinator(async (coordinator) => {
    await joinScripted(coordinator, 'one')
    await untilReady(coordinator)
    let busy = true
    const client = async () => {
      while (busy) await (await ask(coordinator)).body?.cancel()
    }
    const clients = [client(), client(), client()]
    // From before the request: whatever comes was sent later, however late it is read.
    const startMs = performance.now()
    let events = 0
    let last = 0
    let demandPerS = 0
    for await (const { event, data, id } of listen(coordinator)) {
      events++
      assert.ok((events - 1) * 250 <= performance.now() - startMs, `${events} events too soon`)
      assert.ok(Number(id) > last)
      last = Number(id)
      if (event !== 'metrics') continue
      const words = (data as MetricsEvent).pipelines['words']!
      if (words.servedPerS === 0) continue
      demandPerS = words.demandPerS
      assert.ok(words.accuracy !== null && words.accuracy > 0.3 && words.accuracy <= 0.9)
      assert.equal(words.violationRatio, 0)
      if (events >= 6) break
    }
    assert.ok(demandPerS > 0)
    busy = false
    await Promise.all(clients)
  }))

Deno.test('events end with the client, and a full house turns listeners away', () =>
  withCoordinator(async (coordinator) => {
    const client = new AbortController()
    const heard = listen(coordinator, client.signal)
    await heard.next()
    assert.equal(await listeners(coordinator), 1)
    client.abort()
    await assert.rejects(async () => {
      while (!(await heard.next()).done);
    })
    while (await listeners(coordinator) > 0) await new Promise((done) => setTimeout(done, 5))
    // Three quarters of all: somebody with a key gets in beside it.
    const crowd = Array.from({ length: 48 }, () => listen(coordinator))
    await Promise.all(crowd.map((one) => one.next()))
    const refused = await fetch(`${coordinator.url}/v1/events`)
    assert.equal(refused.status, 429)
    assert.match(refused.headers.get('retry-after') ?? '', /^[1-9]\d*$/)
    assert.equal((await refused.json()).reason, 'rate_limited')
    await Promise.all(crowd.map((one) => one.return(undefined)))
    while (await listeners(coordinator) > 0) await new Promise((done) => setTimeout(done, 5))
  }))

Deno.test('events end when the coordinator drains', () =>
  withCoordinator(async (coordinator) => {
    const heard = listen(coordinator)
    await heard.next()
    await coordinator.pool.drain(100)
    while (!(await heard.next()).done);
    const late = await fetch(`${coordinator.url}/v1/events`)
    assert.equal((await late.json()).reason, 'draining')
  }))

Deno.test('events end where their key is taken back, and for no other', () => {
  const keyOf = (name: string): Key => ({ name, role: 'admin', sha256: hashOf(name) })
  const keyring = createKeyring([keyOf('stays'), keyOf('goes')])
  return withCoordinator(
    async ({ url }) => {
      const open = (key: string) => createClient(url, { key }).events()
      const [stays, goes] = [open('stays'), open('goes')]
      await Promise.all([stays.next(), goes.next()])
      keyring.replace([keyOf('stays')])
      while (!(await goes.next()).done);
      await assert.rejects(open('goes').next(), { status: 401 })
      keyring.replace([keyOf('stays'), { ...keyOf('new'), role: 'node' }])
      const { listeners } = await createClient(url, { key: 'stays' }).stats()
      assert.equal(listeners, 1)
      assert.ok(!(await stays.next()).done)
      await stays.return(undefined)
    },
    undefined,
    { keyring },
  )
})

Deno.test('events go on where keys change, however few calls theirs may make', () => {
  const key: Key = { name: 'slow', role: 'admin', sha256: hashOf('slow'), ratePerS: 0.001 }
  const keyring = createKeyring([key])
  return withCoordinator(
    async (coordinator) => {
      const heard = createClient(coordinator.url, { key: 'slow' }).events()
      await heard.next()
      keyring.replace([key, { ...key, name: 'other', sha256: hashOf('other') }])
      await joinScripted(coordinator, 'one')
      const told = async () => JSON.stringify((await heard.next()).value ?? '')
      for (let text = await told(); !text.includes('"one"'); text = await told()) {
        assert.notEqual(text, '""', 'the stream ended')
      }
      await heard.return(undefined)
    },
    undefined,
    { keyring },
  )
})

Deno.test('events that were opened without a key end once one is asked for', () => {
  const keyring = createKeyring()
  return withCoordinator(
    async ({ url }) => {
      const heard = createClient(url).events()
      await heard.next()
      keyring.replace([{ name: 'new', role: 'admin', sha256: hashOf('new') }])
      while (!(await heard.next()).done);
    },
    undefined,
    { keyring },
  )
})

Deno.test('who asks for the head of the events alone is no listener', () =>
  withCoordinator(async (coordinator) => {
    const head = await fetch(`${coordinator.url}/v1/events`, { method: 'HEAD' })
    assert.equal(head.status, 200)
    assert.equal(head.headers.get('content-type'), 'text/event-stream')
    assert.equal(await listeners(coordinator), 0)
  }))
