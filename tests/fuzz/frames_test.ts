/** Bytes from the other side of a link: a message, or a ProtocolError, and nothing else. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createFrameParser, encodeClientFrame } from '../../src/node/link/ws_frame.ts'
import {
  createCoordinatorMessageReader,
  createNodeMessageReader,
  decodeFrame,
  encodeFrame,
  encodeMessage,
  type NodeMessage,
  ProtocolError,
  splitFrame,
  versionOfHello,
  type WireData,
} from '../../src/protocol/mod.ts'
import { altered, anyJson, damaged, runs } from './fuzz.ts'

const times = { queueMs: 0, computeMs: 1, elapsedMs: 1 }
const result: NodeMessage = {
  ...{ type: 'result', batch: 3, ...times },
  items: [
    { ok: true, fields: { text: 'a', box: [1, 2] }, children: { read: [{ meta: {}, blob: 0 }] } },
    { ok: false, reason: 'internal', message: 'no' },
  ],
}
const whole = encodeFrame(result, [new Uint8Array(300), new Uint8Array(0)])
const fragments = [...splitFrame([whole], 7, 128)]

function readsOrRefuses(read: (data: WireData) => unknown, data: WireData): void {
  try {
    read(data)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    assert.match(error.message, /^Cannot /)
  }
}

Deno.test('frames: any bytes are a message or a ProtocolError', () => {
  const bytes = fc.oneof(
    damaged([whole, ...fragments]),
    fc.uint8Array({ maxLength: 200 }).map((any) => Uint8Array.from(any)),
  )
  fc.assert(
    fc.property(bytes, (bytes) => {
      readsOrRefuses(createNodeMessageReader(), bytes.buffer)
      readsOrRefuses(createCoordinatorMessageReader(), bytes.buffer)
    }),
    runs(0.15),
  )
})

Deno.test('frames: fragments in any order, from any message, are put together or refused', () => {
  fc.assert(
    fc.property(fc.array(damaged(fragments), { maxLength: 12 }), (parts) => {
      const read = createNodeMessageReader()
      for (const part of parts) readsOrRefuses(read, part.buffer)
    }),
    runs(0.05),
  )
})

Deno.test('frames: any text is a message or a ProtocolError', () => {
  const text = fc.oneof(
    { weight: 20, arbitrary: altered(result).map((json) => JSON.stringify(json) ?? '') },
    { weight: 10, arbitrary: anyJson.map((json) => JSON.stringify(json) ?? '') },
    { weight: 10, arbitrary: fc.string({ maxLength: 200 }) },
    // Deeper than anyone's stack.
    {
      weight: 1,
      arbitrary: fc.constantFrom(33, 5000, 100_000).map((depth) =>
        `{"type":"result","batch":1,"queueMs":0,"computeMs":0,"elapsedMs":0,"items":[{"ok":true,` +
        `"children":{},"fields":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}]}`
      ),
    },
  )
  fc.assert(
    fc.property(text, (text) => {
      readsOrRefuses(createNodeMessageReader(), text)
      readsOrRefuses(createCoordinatorMessageReader(), text)
      versionOfHello(text)
    }),
    runs(0.1),
  )
})

Deno.test('frames: what is encoded is read back as it was', () => {
  const blobs = fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), blobs, (header, blobs) => {
      const frame = decodeFrame(encodeFrame(header, blobs))
      assert.equal(JSON.stringify(frame.header), JSON.stringify(header))
      assert.deepEqual(frame.blobs.map((blob) => [...blob]), blobs.map((blob) => [...blob]))
    }),
    runs(0.02),
  )
  const [frame] = encodeMessage(result, [new Uint8Array(300)])
  assert.deepEqual(createNodeMessageReader()(frame!)?.message, result)
})

Deno.test("frames: a node's socket takes any bytes, in any pieces", () => {
  const good = [1, 2, 8, 9].map((opcode) => {
    const frame = encodeClientFrame(opcode, new Uint8Array(200).fill(65), new Uint8Array(4))
    // As a server sends it: not masked.
    return Uint8Array.of(frame[0]!, frame[1]! & 0x7f, ...frame.subarray(2, 4), ...frame.subarray(8))
  })
  fc.assert(
    fc.property(fc.array(damaged(good), { maxLength: 6 }), (pieces) => {
      const parse = createFrameParser(1024, {
        message() {},
        ping() {},
        close() {},
        fault: (code) => assert.ok([1002, 1007, 1009].includes(code), String(code)),
      })
      for (const piece of pieces) parse(piece)
    }),
    runs(0.08),
  )
})
