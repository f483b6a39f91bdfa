/** Results with very many entries: those that nodes send are read, others cost no more than a look. */
import assert from 'node:assert/strict'
import {
  createNodeMessageReader,
  encodeMessage,
  type ResultMessage,
} from '../../src/protocol/mod.ts'
import {
  ask,
  joinScripted,
  untilHolds,
  untilReady,
  withCoordinator,
} from '../coordinator/fixture.ts'

const result = { type: 'result', batch: 1, queueMs: 0, computeMs: 1, elapsedMs: 1 } as const
const failed = { ok: false, reason: 'internal', message: 'no' } as const
const many = (count: number, make: (i: number) => [string, unknown]) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => make(i)))
const withItem = (item: object) =>
  JSON.stringify({ ...result, items: [{ ok: true, fields: null, children: {}, ...item }] })
const child = (meta: unknown) => ({ children: { read: [{ meta, blob: 0 }] } })

Deno.test('results with more entries than any can have are refused before the schema sees them', () => {
  const numbered = many(20_000, (i) => [`k${i}`, 0])
  const long = many(20_000, (i) => [`${'k'.repeat(200)}${i}`, 0])
  const deep = many(20_000, (i) => [`k${i}`, JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`)])
  const lists = many(10, (i) => [`t${i}`, Array(4000).fill(0)])
  for (
    const [what, text] of Object.entries({
      tasks: withItem({ children: numbered }),
      tensors: withItem({ tensors: numbered }),
      lists: withItem({ children: lists }),
      fields: withItem({ fields: long }),
      'deep fields': withItem({ fields: deep }),
      meta: withItem(child(long)),
    })
  ) {
    assert.throws(() => createNodeMessageReader()(text), {
      ...{ name: 'ProtocolError', reason: 'malformed' },
      message: 'Cannot read message: it has too many entries',
    }, what)
  }
})

Deno.test('a report of more figures than any has is refused before the schema sees it', () => {
  const report = (points: object[]) =>
    JSON.stringify({
      type: 'report',
      profile: Array(1024).fill({ pipeline: 'p', task: 't', variant: 'v', points }),
    })
  const sizes = Array.from({ length: 9 }, (_, i) => ({ batch: i + 1, latencyMs: 1 }))
  for (const points of [sizes, Array(64).fill({})]) {
    assert.throws(() => createNodeMessageReader()(report(points)), {
      ...{ name: 'ProtocolError', reason: 'malformed' },
      message: 'Cannot read message: it has too many entries',
    })
  }
  const received = createNodeMessageReader()(report(sizes.slice(0, 8)))
  assert.ok(received?.message.type === 'report' && received.message.profile?.length === 1024)
})

Deno.test('the largest results that nodes send are read, with any number of fields', () => {
  const words = many(100_000, (i) => [`word ${i}`, [i]])
  const meta = { box: [1, 2, 3, 4], width: 1, height: 1, format: 'rgb', angle: 0, score: 1 }
  const blobs = Array<Uint8Array>(8192).fill(new Uint8Array(1))
  const tensor = (blob: number) => ({ type: 'uint8', dims: [1, 1, 1, 1], blob })
  const messages: ResultMessage[] = [
    { ...result, items: [failed, { ok: true, fields: words as never, children: {} }] },
    {
      ...result,
      items: [
        failed,
        ...Array.from({ length: 1023 }, (_, i) => ({
          ...{ ok: true as const, fields: null },
          children: { read: Array.from({ length: 8 }, (_, k) => ({ meta, blob: 8 * i + k })) },
        })),
      ],
    },
    {
      ...result,
      items: Array.from({ length: 1024 }, (_, i) => ({
        ...{ ok: true as const, fields: { text: 'a' }, children: {} },
        tensors: Object.fromEntries(
          Array.from({ length: 8 }, (_, k) => [`t${k}`, tensor(8 * i + k)]),
        ),
      })),
    },
  ]
  for (const message of messages) {
    const read = createNodeMessageReader()
    const received = encodeMessage(message, message === messages[0] ? [] : blobs).map(read).at(-1)
    assert.deepEqual(received?.message, message)
  }
})

Deno.test('a result with a huge record closes its link as malformed, and others are served', async () => {
  const faults: string[] = []
  await withCoordinator(
    async (coordinator) => {
      const good = await joinScripted(coordinator, 'good')
      await untilReady(coordinator)
      const bad = await joinScripted(coordinator, 'bad')
      await untilHolds(coordinator, 'bad', 4)
      bad.socket.send(withItem({ children: many(300_000, (i) => [i.toString(36), 0]) }))
      assert.equal((await bad.closed).code, 1007)
      const response = await ask(coordinator)
      assert.equal(response.status, 200, await response.text())
      assert.equal(good.socket.readyState, WebSocket.OPEN)
      assert.deepEqual(faults, [])
    },
    // A pong that crosses the close would hide its code.
    { heartbeatMs: 600_000 },
    { log: (line, level) => void (level === 'error' && faults.push(line)) },
  )
})
