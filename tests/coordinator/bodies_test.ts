/** Bodies made to keep the coordinator busy: what is counted of them, and who is busy with them. */
import assert from 'node:assert/strict'
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import { createApp } from '../../src/coordinator/app.ts'
import { createPool } from '../../src/coordinator/pool/pool.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import { createScheduler } from '../../src/policy/scheduler.ts'
import type { Takes } from '../../src/pipeline/takes.ts'
import { type BodyReader, createBodyReader } from '../../src/coordinator/apis/bodies/reader.ts'
import { createBodyRoom } from '../../src/coordinator/http/bodies/room.ts'
import { createDeadlines } from '../../src/coordinator/core/deadlines.ts'
import { readInferBody } from '../../src/coordinator/apis/common/infer_request.ts'
import { count, ELEMENTS, parseAs, TENSORS } from '../../src/coordinator/http/bodies/json.ts'
import { readRequest } from '../../src/coordinator/apis/oip/request.ts'
import { decodeBytes } from '../../src/coordinator/apis/oip/tensors.ts'
import { ask, joinScripted, pipeline, PIXEL_PNG, untilReady, withCoordinator } from './fixture.ts'

const MIB = 1 << 20
const encode = (text: string) => new TextEncoder().encode(text)
const PICTURE_MODEL = { takes: undefined, outputs: [] }
const NUMBERS: Takes = { x: { type: 'float32', shape: [-1] } }

Deno.test('count() ends after the most that there may be, and one more', () => {
  const bytes = new Uint8Array(MIB).fill(0x2c)
  assert.deepEqual(count(bytes, 100), { elements: 101, members: 0, looked: 101 })
  assert.equal(count(bytes, MIB).looked, MIB)
  assert.deepEqual(count(bytes.fill(0x3a), 100), { elements: 0, members: 65_537, looked: 65_537 })
  assert.deepEqual(count(encode('{"a":[1,[2]],"b":{}}'), 9), {
    ...{ elements: 4, members: 4, looked: 20 },
  })
})

Deno.test('JSON of more elements or members than asked for is refused before it is parsed', () => {
  // None of them is JSON: whoever parsed it would say so.
  const cases: [text: string, elements: number, reason: string, error: RegExp][] = [
    ['0,'.repeat(ELEMENTS + 1), ELEMENTS, 'too_large', /over 65536 elements/],
    ['"",'.repeat(ELEMENTS + 1), ELEMENTS, 'too_large', /over 65536 elements/],
    ['['.repeat(ELEMENTS + 1), ELEMENTS, 'too_large', /over 65536 elements/],
    ['0,'.repeat(TENSORS + 1), TENSORS, 'too_large', /over 4194304 elements/],
    ['{'.repeat(65_537), TENSORS, 'invalid_input', /over 65536 objects and members/],
    ['"":'.repeat(65_537), TENSORS, 'invalid_input', /over 65536 objects and members/],
  ]
  for (const [text, elements, reason, error] of cases) {
    const fault = { reason, message: error }
    assert.throws(() => parseAs(undefined as never, encode(text), elements), fault)
  }
})

Deno.test('each API counts as many elements as what it is asked for can have', () => {
  const numbers = (count: number) => encode(`{"inputs":[{"data":[${'0,'.repeat(count)}0]}]}`)
  const read = {
    v1: (bytes: Uint8Array, takes?: Takes) => readInferBody('application/json', bytes, takes),
    v2: (bytes: Uint8Array, takes?: Takes) => readRequest({ takes, outputs: [] }, null, bytes),
  }
  for (const of of Object.values(read)) {
    assert.throws(() => of(numbers(ELEMENTS)), { reason: 'too_large' })
    assert.throws(() => of(numbers(TENSORS), NUMBERS), { reason: 'too_large' })
    // As many as a picture's request may not have: it is what they are that is wrong.
    assert.throws(() => of(numbers(ELEMENTS), NUMBERS), { reason: 'invalid_input' })
  }
})

Deno.test('elements of no bytes are looked at up to one more than a request says there are', () => {
  const bytes = new Uint8Array(32 * MIB)
  assert.equal(decodeBytes(bytes, 64)?.length, 65)
  const input = (shape: number) =>
    encode(
      `{"inputs":[{"name":"image","shape":[${shape}],"datatype":"BYTES",` +
        `"parameters":{"binary_data_size":${bytes.length}}}]}`,
    )
  const read = (shape: number) => {
    const json = input(shape)
    const body = new Uint8Array(json.length + bytes.length)
    body.set(json)
    return readRequest(PICTURE_MODEL, String(json.length), body)
  }
  assert.throws(() => read(1), /shape \[1\] does not fit its over 1 elements/)
  assert.throws(() => read(64), /shape \[64\] does not fit its over 64 elements/)
  assert.throws(() => read(65), { reason: 'too_large' })
})

const start = (name: string) => () => new Worker(new URL(name, import.meta.url), { type: 'module' })
const BODIES = '../../workers/bodies.ts'

/** A reader whose workers are these, one after another, and a clock that a test moves. */
async function withReader(
  workers: (() => Worker)[],
  test: (
    reader: BodyReader,
    room: ReturnType<typeof createBodyRoom>,
    pass: (ms: number) => void,
  ) => Promise<void>,
) {
  const due: { atMs: number; action: () => void }[] = []
  let nowMs = 0
  const room = createBodyRoom(64 * MIB)
  const reader = createBodyReader({
    now: () => nowMs,
    deadlines: {
      at(atMs, action) {
        const one = { atMs, action }
        due.push(one)
        return () => void due.splice(due.indexOf(one) >>> 0, 1)
      },
    },
    createWorker: () => (workers.shift() ?? assert.fail('one worker more was started'))(),
    room,
  })
  const pass = (ms: number) => {
    nowMs += ms
    for (const one of due.filter(({ atMs }) => atMs <= nowMs)) one.action()
  }
  try {
    await test(reader, room, pass)
  } finally {
    reader.stop()
  }
}

/** The pixel, and behind it what makes it too large to be read at once. */
function largePng(bytes = MIB): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes)
  out.set(PIXEL_PNG)
  return out
}

const bodyOf = (bytes: Uint8Array, lateMs: number) => ({
  form: { api: 'v1', type: 'image/png', takes: undefined } as const,
  ...{ bytes, encoding: undefined, lateMs, address: 'far' },
})

Deno.test('a worker that is stuck keeps nobody but those whose time it is, and is ended', () =>
  withReader([start('./stuck_worker.ts'), start(BODIES)], async (reader, room, pass) => {
    const stuck = Promise.resolve(reader.read(bodyOf(largePng(), 60_000)))
    const late = Promise.resolve(reader.read(bodyOf(largePng(), 5000)))
    const next = Promise.resolve(reader.read(bodyOf(largePng(), 60_000)))
    const small = reader.read(bodyOf(PIXEL_PNG, 60_000))
    assert.ok(!(small instanceof Promise), 'read at once')
    assert.equal(room.bytes, 3 * MIB)
    pass(5000)
    await assert.rejects(late, { reason: 'deadline_exceeded' })
    assert.equal(room.bytes, 2 * MIB)
    pass(25_000)
    await assert.rejects(stuck, /its worker took too long/)
    const { payloads } = await next
    assert.deepEqual(payloads[0]?.bytes, PIXEL_PNG)
    assert.equal(room.bytes, 0)
  }))

Deno.test('what is being read past its deadline keeps its room until it has been read', () =>
  withReader([start('./stuck_worker.ts')], async (reader, room, pass) => {
    const late = Promise.resolve(reader.read(bodyOf(largePng(), 5000)))
    pass(5000)
    await assert.rejects(late, { reason: 'deadline_exceeded' })
    assert.equal(room.bytes, MIB)
    pass(25_000)
    while (room.bytes > 0) await new Promise((done) => setTimeout(done, 0))
  }))

Deno.test('a worker that dies fails what it was at, and the next body has another', () =>
  withReader([start('./dying_worker.ts'), start(BODIES)], async (reader, room) => {
    const first = Promise.resolve(reader.read(bodyOf(largePng(), 60_000)))
    const second = Promise.resolve(reader.read(bodyOf(largePng(), 60_000)))
    await assert.rejects(first, /its worker died/)
    await second
    assert.equal(room.bytes, 0)
  }))

Deno.test('bodies that wait to be read take room, and none is read after the end', () =>
  withReader([start('./stuck_worker.ts')], async (reader, room) => {
    const waiting = Array.from(
      { length: 16 },
      () => Promise.resolve(reader.read(bodyOf(largePng(), 60_000))),
    )
    assert.throws(() => reader.read(bodyOf(largePng(), 60_000)), { reason: 'rate_limited' })
    reader.stop()
    for (const one of waiting) await assert.rejects(one, { reason: 'draining' })
    assert.equal(room.bytes, 0)
  }))

Deno.test('without a worker large bodies are read all the same', async () => {
  const deadlines = createDeadlines(() => performance.now())
  const reader = createBodyReader({ now: () => performance.now(), deadlines })
  const { payloads } = await reader.read(bodyOf(largePng(), Infinity))
  assert.deepEqual(payloads[0]?.bytes, PIXEL_PNG)
  deadlines.stop()
})

Deno.test('a large picture comes through the worker whole, as it is and in JSON', () =>
  withCoordinator(async (coordinator) => {
    const node = await joinScripted(coordinator, 'one')
    await untilReady(coordinator)
    const chunk = new Uint8Array(MIB)
    new DataView(chunk.buffer).setUint32(0, MIB - 12)
    chunk.set(encode('IDAT'), 4)
    chunk.fill(7, 8, -4)
    const picture = new Uint8Array(PIXEL_PNG.length + MIB)
    picture.set(PIXEL_PNG.subarray(0, 33))
    picture.set(chunk, 33)
    picture.set(PIXEL_PNG.subarray(33), 33 + MIB)
    const json = JSON.stringify({
      inputs: [{
        ...{ name: 'image', shape: [1], datatype: 'BYTES', data: [picture.toBase64()] },
        parameters: { encoding: 'base64' },
      }],
      outputs: [{ name: 'text' }],
    })
    const type = 'application/json'
    const v2 = `${coordinator.url}/v2/models/words/infer`
    const post = (body: string) =>
      fetch(v2, { method: 'POST', body, headers: { 'content-type': type } })
    for (
      const response of [
        await ask(coordinator, {}, picture),
        await ask(coordinator, { 'content-type': type }, json),
        await post(json),
      ]
    ) {
      assert.equal(response.status, 200, await response.text())
      const found = node.batches.filter(({ message }) => message.task === 'find').at(-1)
      assert.deepEqual(found?.blobs, [picture])
    }
    const wrong = await post(json.replace('"image"', '"picture"'))
    assert.equal(wrong.status, 400)
    assert.match((await wrong.json()).error, /input "picture": the model has one input, image/)
  }))

const numbers = checkPipeline({
  ...{ schema: 'shoal-pipeline/1', name: 'numbers', sloMs: 60_000, root: 'sum' },
  tasks: {
    sum: {
      variants: { only: { accuracy: 1, referenceMs: 1 } },
      takes: { x: { type: 'float32', shape: [-1], typical: [4] } },
    },
  },
}, 'fixture')

Deno.test('a tensor of 300,000 numbers in JSON reaches a node whole, over either API', () =>
  withCoordinator(
    async (coordinator) => {
      const node = await joinScripted(coordinator, 'one', ({ message }) => ({
        items: message.items.map(() => ({ ok: true, fields: null, children: {} })),
      }))
      await untilReady(coordinator)
      const x = Float32Array.from({ length: 300_000 }, (_, i) => i / 8)
      const input = { name: 'x', shape: [x.length], datatype: 'FP32', data: Array.from(x) }
      const body = JSON.stringify({ inputs: [input] })
      for (const path of ['v1/pipelines/numbers', 'v2/models/numbers']) {
        const response = await fetch(`${coordinator.url}/${path}/infer`, {
          ...{ method: 'POST', body, headers: { 'content-type': 'application/json' } },
        })
        assert.equal(response.status, 200, await response.text())
        const [bytes] = node.batches.at(-1)!.blobs
        assert.deepEqual(new Float32Array(bytes!.slice().buffer), x)
      }
    },
    undefined,
    { pipelines: [{ dir: '', pipeline: numbers, models: {} }] },
  ))

Deno.test('eight bodies that are never read through keep neither a node nor small queries', async () => {
  const now = () => performance.now()
  const pool = createPool({
    served: [{ pipeline, models: {} }],
    scheduler: createScheduler({ pipelines: [pipeline] }),
    ...{ now, log: () => {} },
  })
  const { deadlines } = pool
  const createWorker = start('./stuck_worker.ts')
  const bodies = createBodyReader({ now, deadlines, createWorker, room: createBodyRoom(64 * MIB) })
  const readModel = () => Promise.resolve(undefined)
  const app = createApp({ pool, bodies, readModel, now, log: () => {} })
  const server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: () => {} }, app.fetch)
  const coordinator = { url: `http://localhost:${server.addr.port}`, pool } as Coordinator
  const node = await joinScripted(coordinator, 'own')
  await untilReady(coordinator)
  let answered = 0
  const stuck = Array.from({ length: 8 }, async () => {
    const headers = { 'x-request-timeout-ms': '600000' }
    const response = await ask(coordinator, headers, largePng())
    answered++
    return { status: response.status, ...await response.json() }
  })
  for (let i = 0; i < 20; i++) {
    const response = await ask(coordinator)
    assert.equal(response.status, 200, await response.text())
  }
  await node.got('ping', ({ n }) => n > 2)
  assert.deepEqual([answered, node.socket.readyState], [0, WebSocket.OPEN])
  bodies.stop()
  for (const { status, reason } of await Promise.all(stuck)) {
    assert.deepEqual([status, reason], [503, 'draining'])
  }
  await pool.drain(0)
  await server.shutdown()
})

Deno.test('eight requests at once of millions of elements are refused, and a node stays', () =>
  withCoordinator(async (coordinator) => {
    const node = await joinScripted(coordinator, 'own')
    const size = 16 * MIB
    const json = encode(
      '{"inputs":[{"name":"image","shape":[1],"datatype":"BYTES",' +
        `"parameters":{"binary_data_size":${size}}}]}`,
    )
    const body = new Uint8Array(json.length + size)
    body.set(json)
    const answers = await Promise.all(Array.from({ length: 8 }, async () => {
      const response = await fetch(`${coordinator.url}/v2/models/words/infer`, {
        ...{ method: 'POST', body },
        headers: {
          'inference-header-content-length': String(json.length),
          'x-request-timeout-ms': '600000',
        },
      })
      const { error } = await response.json()
      return `${response.status} ${error}`
    }))
    for (const answer of answers) assert.match(answer, /^400 .*its over 1 elements/)
    assert.equal(node.socket.readyState, WebSocket.OPEN)
    assert.equal(coordinator.pool.nodes().length, 1)
  }))
