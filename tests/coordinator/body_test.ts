/** What bodies under way take: what has come of them, in one piece, and no longer than they may. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { startCoordinator } from '../../src/cli/serve/coordinator.ts'
import { readBody } from '../../src/coordinator/http/bodies/body.ts'
import { createBodyRoom } from '../../src/coordinator/http/bodies/room.ts'
import { createKeyring, hashOf } from '../../src/coordinator/core/keys.ts'
import { joinScripted, pipeline, PIXEL_PNG, untilReady, withCoordinator } from './fixture.ts'
import { encode } from './raw_socket.ts'

const MIB = 1 << 20
/** Deadlines that pass when a test says so. */
function handMade() {
  const due: (() => void)[] = []
  return {
    deadlines: { at: (_: number, action: () => void) => (due.push(action), () => {}) },
    pass: () => due.forEach((action) => action()),
  }
}

function requestOf(body: ReadableStream<Uint8Array>, length: number | undefined) {
  const headers: HeadersInit = length === undefined ? {} : { 'content-length': String(length) }
  return new Request('http://localhost', { method: 'POST', body, headers })
}

const idle = () => new ReadableStream<Uint8Array>()
const begun = (bytes: number) =>
  new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(bytes)),
  })

Deno.test('a body keeps none of the pieces that it comes in', async () => {
  for (const length of [undefined, 300_000]) {
    const buffer = new Uint8Array(1 << 16)
    let serial = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        // As a socket does, but for one buffer in place of one each.
        buffer[0] = serial % 251
        if (serial++ < 300_000) controller.enqueue(buffer.subarray(0, 1))
        else controller.close()
      },
    }, { highWaterMark: 0 })
    const room = createBodyRoom(2 * MIB)
    const { deadlines } = handMade()
    const read = await readBody(requestOf(body, length), deadlines, 0, 1000, { room })
    assert.equal(read.byteLength, 300_000)
    assert.equal(read.buffer.byteLength, 300_000)
    assert.ok(read.every((byte, i) => byte === i % 251))
    assert.equal(room.bytes, 0)
  }
})

Deno.test('a large body is what came, in its order, whatever the pieces were', async () => {
  const sent = new Uint8Array(9 * MIB + 12_345)
  for (let i = 0; i < sent.length; i++) sent[i] = i % 251
  for (const piece of [100_003, 3 * MIB + 1, sent.length]) {
    for (const length of [undefined, sent.length]) {
      let at = 0
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (at < sent.length) controller.enqueue(sent.subarray(at, at += piece))
          else controller.close()
        },
      })
      const room = createBodyRoom(20 * MIB)
      const read = await readBody(requestOf(body, length), handMade().deadlines, 0, 1000, { room })
      assert.ok(Buffer.from(read).equals(sent), `pieces of ${piece}`)
      assert.equal(read.buffer.byteLength, sent.length)
      assert.equal(room.bytes, 0)
    }
  }
})

Deno.test('a body whose length is said twice is read, and its room given back', async () => {
  const room = createBodyRoom(MIB)
  const { deadlines } = handMade()
  const body = new Blob([new Uint8Array(300)]).stream()
  const headers = { 'content-length': '300, 300' }
  const request = new Request('http://localhost', { method: 'POST', body, headers })
  const read = await readBody(request, deadlines, 0, 1000, { room })
  assert.equal(read.byteLength, 300)
  assert.equal(room.bytes, 0)
  // The bound holds on.
  await assert.rejects(
    readBody(requestOf(begun(2 * MIB), undefined), deadlines, 0, 1000, { room }),
    { reason: 'queue_full' },
  )
})

Deno.test('a body of one length and another content is refused, and its room given back', async () => {
  const room = createBodyRoom(MIB)
  const { deadlines } = handMade()
  const read = (length: number | undefined, bytes: number) =>
    readBody(requestOf(begun(bytes), length), deadlines, 0, 1000, { room })
  await assert.rejects(read(200_000, 300_000), { reason: 'too_large' })
  await assert.rejects(read(undefined, 2 * MIB), { reason: 'queue_full' })
  assert.equal(room.bytes, 0)
})

Deno.test('who tells a length and sends nothing takes no room from others', async () => {
  const { deadlines, pass } = handMade()
  const waiting = Array.from(
    { length: 513 },
    () => readBody(requestOf(idle(), MIB), deadlines, 0, 1000),
  )
  const settled = Promise.allSettled(waiting)
  const small = new Request('http://localhost', { method: 'POST', body: 'small' })
  assert.equal((await readBody(small, deadlines, 0, 1000)).byteLength, 5)
  pass()
  for (const { status } of await settled) assert.equal(status, 'rejected')
})

Deno.test('room that bodies under way take is given back at their deadline', async () => {
  const room = createBodyRoom(16 * MIB)
  const { deadlines, pass } = handMade()
  const waiting = [undefined, 9 * MIB].map((length) =>
    readBody(requestOf(begun(3 * MIB), length), deadlines, 0, 1000, { room })
  )
  while (room.bytes < 6 * MIB) await new Promise((done) => setTimeout(done, 0))
  assert.ok(room.bytes < 7 * MIB, 'what has come, and no more')
  pass()
  for (const each of waiting) await assert.rejects(each, { reason: 'deadline_exceeded' })
  while (room.bytes > 0) await new Promise((done) => setTimeout(done, 0))
})

Deno.test('a body has until its deadline, thirty seconds at most, and is not waited for after its end', async () => {
  const times: number[] = []
  let waiting = 0
  const deadlines = {
    at(atMs: number) {
      times.push(atMs)
      waiting++
      return () => void waiting--
    },
  }
  const read = (body: ReadableStream<Uint8Array>, lateMs: number) =>
    readBody(requestOf(body, undefined), deadlines, 1000, lateMs, { room: createBodyRoom(MIB) })
  for (const lateMs of [5000, 600_000]) {
    await read(new ReadableStream({ start: (controller) => controller.close() }), lateMs)
  }
  const broken = new ReadableStream({ start: (controller) => controller.error('broke off') })
  await assert.rejects(read(broken, 5000), /ended early/)
  assert.deepEqual(times, [5000, 31_000, 5000])
  assert.equal(waiting, 0)
})

Deno.test('bodies from one address take a quarter of all room', () => {
  const room = createBodyRoom(8 * MIB)
  room.hold(2 * MIB, 'far')
  assert.throws(() => room.hold(1, 'far'), { reason: 'rate_limited' })
  room.hold(MIB, 'other')
  room.hold(5 * MIB, undefined)
  assert.throws(() => room.hold(1, 'other'), { reason: 'queue_full' })
  room.hold(-MIB, 'far')
  room.hold(MIB, 'far')
  assert.equal(room.bytes, 8 * MIB)
})

Deno.test('this machine leaves a quarter of all room to others', () => {
  const room = createBodyRoom(8 * MIB)
  room.hold(6 * MIB, undefined)
  assert.throws(() => room.hold(1, undefined), { reason: 'rate_limited' })
  assert.ok(!room.fits(1, undefined) && room.fits(2 * MIB, 'far'))
  room.hold(2 * MIB, 'far')
  assert.ok(!room.fits(1, 'other'))
})

Deno.test('bodies that no read can end shut nobody out: the rest come as streams, which end', async () => {
  const [room, wholes] = [createBodyRoom(MIB), createBodyRoom(800)]
  const { deadlines, pass } = handMade()
  const read = (body: ReadableStream<Uint8Array>) =>
    readBody(requestOf(body, 100), deadlines, 0, 1000, { room, wholes })
  const late = Promise.allSettled(Array.from({ length: 10 }, () => read(begun(1))))
  while (room.bytes === 0) await new Promise((done) => setTimeout(done, 0))
  assert.equal(wholes.bytes, 600)
  pass()
  assert.ok((await late).every(({ status }) => status === 'rejected'))
  while (room.bytes > 0) await new Promise((done) => setTimeout(done, 0))
  assert.equal((await read(new Blob([new Uint8Array(100)]).stream())).byteLength, 100)
})

Deno.test('one address that uploads without end is told so, and another is answered', () => {
  const key = 'a-key-of-a-client'
  const keyring = createKeyring([{ name: 'client', role: 'client', sha256: hashOf(key) }])
  return withCoordinator(
    async (coordinator) => {
      await joinScripted(coordinator, 'one')
      await untilReady(coordinator)
      const port = Number(new URL(coordinator.url).port)
      const head = (address: string, bytes: number) =>
        encode(
          `POST /v1/pipelines/words/infer HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n` +
            `Authorization: Bearer ${key}\r\nX-Forwarded-For: ${address}\r\n` +
            `X-Request-Timeout-Ms: 30000\r\nContent-Length: ${bytes}\r\n\r\n`,
        )
      const open: Deno.Conn[] = []
      const send = async (...parts: Uint8Array[]) => {
        const conn = await Deno.connect({ hostname: '127.0.0.1', port })
        open.push(conn)
        for (const part of parts) {
          for (let at = 0; at < part.byteLength;) at += await conn.write(part.subarray(at))
        }
        const answer = new Uint8Array(4096)
        const size = await conn.read(answer)
        return new TextDecoder().decode(answer.subarray(0, size ?? 0))
      }
      const most = new Uint8Array(32 * MIB - 1)
      const waiting = Array.from({ length: 4 }, () => send(head('203.0.113.1', 32 * MIB), most))
      assert.match(await Promise.any(waiting), /^HTTP\/1\.1 429 [\s\S]*too many of yours/)
      const other = await send(head('203.0.113.2', PIXEL_PNG.byteLength), PIXEL_PNG)
      assert.match(other, /^HTTP\/1\.1 200 /)
      for (const conn of open) conn.close()
      await Promise.allSettled(waiting)
    },
    undefined,
    { keyring },
  )
})

Deno.test('a thousand bodies that were begun and left keep nobody out once their time is up', () => {
  const key = 'a-key-of-a-client'
  const keyring = createKeyring([{ name: 'client', role: 'client', sha256: hashOf(key) }])
  return withCoordinator(
    async (coordinator) => {
      await joinScripted(coordinator, 'one')
      await untilReady(coordinator)
      const port = Number(new URL(coordinator.url).port)
      const begin = async (bytes: number, timeoutMs: number, body: Uint8Array) => {
        const conn = await Deno.connect({ hostname: '127.0.0.1', port })
        await conn.write(encode(
          `POST /v1/pipelines/words/infer HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n` +
            `Authorization: Bearer ${key}\r\nX-Forwarded-For: 203.0.113.1\r\n` +
            `X-Request-Timeout-Ms: ${timeoutMs}\r\nContent-Length: ${bytes}\r\n\r\n`,
        ))
        await conn.write(body)
        const answer = new Uint8Array(512)
        const size = await conn.read(answer) ?? 0
        return { conn, status: new TextDecoder().decode(answer.subarray(9, Math.min(12, size))) }
      }
      // As many as one address may declare at once, and some.
      const begun = await Promise.all(
        Array.from({ length: 1030 }, () => begin(128 * 1024, 200, PIXEL_PNG.subarray(0, 1))),
      )
      assert.ok(begun.some(({ status }) => status === '504'))
      const { conn, status } = await begin(PIXEL_PNG.byteLength, 30_000, PIXEL_PNG)
      assert.equal(status, '200')
      for (const one of [conn, ...begun.map(({ conn }) => conn)]) one.close()
    },
    undefined,
    { keyring, limits: { key: { perS: 1e4, burst: 1e4 } } },
  )
})

Deno.test('a body that is under way when all ends is not called a fault of who sends it', async () => {
  const coordinator = startCoordinator({ pipelines: [{ dir: '', pipeline, models: {} }], port: 0 })
  const port = Number(new URL(coordinator.url).port)
  const senders = await Promise.all(
    ['v1/pipelines/words', 'v2/models/words'].map(async (path) => {
      const conn = await Deno.connect({ hostname: '127.0.0.1', port })
      const heard = conn.readable.pipeThrough(new TextDecoderStream()).getReader()
      await conn.write(encode(
        `POST /${path}/infer HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
          `Content-Length: 200000\r\nExpect: 100-continue\r\n\r\n`,
      ))
      // The head was read.
      assert.match((await heard.read()).value ?? '', /^HTTP\/1.1 100/)
      await conn.write(new Uint8Array(1000))
      return heard
    }),
  )
  await coordinator.close(1000)
  for (const heard of senders) {
    let text = ''
    while (!text.includes('"reason"')) {
      const { done, value } = await heard.read()
      assert.ok(!done, `broke off after ${text}`)
      text += value
    }
    assert.match(text, /^HTTP\/1.1 503[^]*"reason":"draining"/)
    await heard.cancel()
  }
})
