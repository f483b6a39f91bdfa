import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  createNodeMessageReader,
  createReassembler,
  createRoom,
  decodeFrame,
  encodeFrame,
  encodeFrames,
  encodeMessage,
  framesOf,
  MAX_FRAME_BYTES,
  ProtocolError,
  splitFrame,
  type WireData,
} from '../../src/protocol/mod.ts'

const blob = fc.uint8Array({ maxLength: 2000 })

Deno.test('decodeFrame() gives back header and blobs as encodeFrame() got them', () => {
  fc.assert(fc.property(fc.jsonValue(), fc.array(blob, { maxLength: 20 }), (header, blobs) => {
    const frame = decodeFrame(encodeFrame(header, blobs))
    assert.deepEqual(JSON.stringify(frame.header), JSON.stringify(header))
    assert.deepEqual(frame.blobs.map((b) => [...b]), blobs.map((b) => [...b]))
  }))
})

Deno.test('decodeFrame() refuses any cut or changed length with a ProtocolError, never another', () => {
  const whole = encodeFrame({ type: 'x' }, [new Uint8Array(100), new Uint8Array(3)])
  for (let end = 0; end < whole.length; end++) {
    assert.throws(() => decodeFrame(whole.subarray(0, end)), ProtocolError, `cut at ${end}`)
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    try {
      decodeFrame(bytes)
    } catch (error) {
      assert.ok(error instanceof ProtocolError)
    }
  }))
  fc.assert(fc.property(fc.nat(11), fc.nat(255), (at, value) => {
    const changed = whole.slice()
    changed[at] = value
    try {
      decodeFrame(changed)
    } catch (error) {
      assert.ok(error instanceof ProtocolError)
    }
  }))
})

Deno.test('splitFrame() cuts a large message and the reassembler joins it', () => {
  const whole = encodeFrame({ a: 1 }, [new Uint8Array(10_000).fill(7)])
  const frames = [...splitFrame([whole], 5, 1024)]
  assert.ok(frames.length > 9)
  assert.ok(frames.every((frame) => frame.byteLength <= 1024))
  const push = createReassembler()
  const results = frames.map((frame) => push(frame))
  assert.ok(results.slice(0, -1).every((result) => result === undefined))
  assert.deepEqual(results.at(-1), whole)
})

Deno.test('encodeFrames() cuts where it must, one frame written over with the next, and all is there', () => {
  const lists = fc.array(blob, { maxLength: 8 })
  fc.assert(fc.property(fc.jsonValue(), lists, fc.integer({ min: 17, max: 3000 }), (...given) => {
    const [header, blobs, most] = given
    const whole = encodeFrame(header, blobs)
    const most1024 = Math.max(most, 16 + Math.ceil(whole.length / 1024))
    const push = createReassembler()
    let result: Uint8Array | undefined
    for (const frame of encodeFrames(header, blobs, 9, most1024, createRoom(3000))) {
      assert.ok(result === undefined && frame.byteLength <= most1024)
      result = push(frame.slice())
    }
    assert.deepEqual(result, whole)
  }))
})

Deno.test('the reassembler refuses a missing, foreign or endless fragment, and works on', () => {
  const whole = encodeFrame({}, [new Uint8Array(5000)])
  const [a, b, c] = [...splitFrame([whole], 1, 2000)]
  const [x] = [...splitFrame([whole], 2, 2000)]
  assert.ok(a && b && c && x)
  const push = createReassembler()
  push(a)
  assert.throws(() => push(c), /one is missing/)
  push(a)
  assert.throws(() => push(x), ProtocolError)
  push(a)
  assert.throws(() => push(encodeFrame({}, [])), /came between/)
  assert.throws(() => createReassembler(1000)(a), /over 1000 bytes/)
  push(a)
  push(b)
  assert.deepEqual(push(c), whole)
})

Deno.test('a result travels as one binary frame: pixels are neither base64 nor JSON numbers', () => {
  const pixels = new Uint8Array(57_600).map((_, i) => i)
  const sent = encodeMessage({
    type: 'result',
    batch: 3,
    queueMs: 0,
    computeMs: 12.5,
    elapsedMs: 13,
    items: [{ ok: true, fields: null, children: { read: [{ meta: { box: [1, 2] }, blob: 0 }] } }],
  }, [pixels])
  assert.equal(sent.length, 1)
  const [frame] = sent as [ArrayBuffer]
  assert.ok(frame.byteLength < pixels.byteLength + 400)
  const received = createNodeMessageReader()(frame)
  assert.equal(received?.message.type, 'result')
  assert.deepEqual(received?.blobs[0], pixels)
})

Deno.test('a message of over 16 MiB travels in frames of at most that', () => {
  const sent = encodeMessage({ type: 'bye', reason: 'x' }, [new Uint8Array(40 * 1024 * 1024)], 9)
  assert.equal(sent.length, 3)
  const read = createNodeMessageReader()
  let last: ReturnType<typeof read>
  for (const frame of sent as ArrayBuffer[]) {
    assert.ok(frame.byteLength <= MAX_FRAME_BYTES)
    last = read(frame)
  }
  assert.equal(last?.message.type, 'bye')
  assert.equal(last?.blobs[0]?.byteLength, 40 * 1024 * 1024)
})

Deno.test('the reader refuses oversized frames and malformed messages with their reason', () => {
  const reasonOf = (data: WireData) => {
    try {
      createNodeMessageReader()(data)
    } catch (error) {
      assert.ok(error instanceof ProtocolError, String(error))
      return error.reason
    }
    return undefined
  }
  assert.equal(reasonOf(new ArrayBuffer(MAX_FRAME_BYTES + 1)), 'too_large')
  assert.equal(reasonOf('x'.repeat(MAX_FRAME_BYTES + 1)), 'too_large')
  for (const text of ['', '{', '[]', '1', '{"type":"nonsense"}', '{"type":"hello"}']) {
    assert.equal(reasonOf(text), 'malformed', text)
  }
  assert.equal(reasonOf(new ArrayBuffer(0)), 'malformed')
  assert.equal(reasonOf(new ArrayBuffer(64)), 'malformed')
})

Deno.test('createRoom() gives the same memory again, and larger ones memory of their own', () => {
  const room = createRoom(1000)
  const small = encodeFrame({ a: 1 }, [new Uint8Array(100).fill(1)], room)
  const other = encodeFrame({ b: 2 }, [new Uint8Array(50).fill(2)], room)
  assert.equal(other.buffer, small.buffer)
  const frame = decodeFrame(other)
  assert.deepEqual(frame.header, { b: 2 })
  assert.deepEqual(frame.blobs, [new Uint8Array(50).fill(2)])
  const large = encodeFrame({ c: 3 }, [new Uint8Array(2000).fill(3)], room)
  assert.notEqual(large.buffer, other.buffer)
  assert.deepEqual(decodeFrame(other), frame)
})

Deno.test('framesOf() writes over what a room held before, and nothing else is seen of it', () => {
  const room = createRoom(100_000)
  const ids = fc.array(fc.string({ minLength: 1, maxLength: 30 }), { maxLength: 4 })
  fc.assert(fc.property(fc.array(blob, { minLength: 1, maxLength: 5 }), ids, (blobs, keys) => {
    const message = { type: 'release' as const, keys }
    const [inRoom] = framesOf(message, blobs, 1, room)
    const [fresh] = encodeMessage(message, blobs, 1)
    assert.deepEqual(inRoom, new Uint8Array(fresh as ArrayBuffer))
  }))
})
