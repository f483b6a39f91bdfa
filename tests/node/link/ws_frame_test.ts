import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import { createFrameParser, encodeClientFrame, OPCODE } from '../../../src/node/link/ws_frame.ts'

/** What a server sends: as a client's frame, without the mask. */
function serverFrame(opcode: number, payload: Uint8Array, final = true): Uint8Array {
  const size = payload.byteLength
  const head = size < 126
    ? [size]
    : size < 65_536
    ? [126, size >> 8, size & 0xff]
    : [127, 0, 0, 0, 0, (size >> 24) & 0xff, (size >> 16) & 0xff, (size >> 8) & 0xff, size & 0xff]
  return Uint8Array.of((final ? 0x80 : 0) | opcode, ...head, ...payload)
}

function listen(maxBytes = 1 << 20) {
  const heard: unknown[] = []
  const parse = createFrameParser(maxBytes, {
    message: (data) => heard.push(typeof data === 'string' ? data : [...new Uint8Array(data)]),
    ping: (payload) => heard.push({ ping: payload.byteLength }),
    close: (code, reason) => heard.push({ close: code, reason }),
    fault: (code) => heard.push({ fault: code }),
  })
  return { heard, parse }
}

const text = (value: string) => new TextEncoder().encode(value)

Deno.test('encodeClientFrame() masks so that masking again gives the payload', () => {
  const size = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(65_535, 65_536, 70_001))
  const mask = fc.uint8Array({ minLength: 4, maxLength: 4 })
  fc.assert(
    fc.property(size, mask, (size, mask) => {
      const payload = Uint8Array.from({ length: size }, (_, i) => i * 7)
      const frame = encodeClientFrame(OPCODE.binary, payload, mask)
      const start = frame.byteLength - size
      equal(start, size < 126 ? 6 : size < 65_536 ? 8 : 14)
      deepEqual([...frame.subarray(start - 4, start)], [...mask])
      deepEqual(frame.subarray(start).map((byte, i) => byte ^ mask[i % 4]!), payload)
    }),
    { numRuns: 50 },
  )
})

Deno.test('createFrameParser() finds the same messages however the stream is cut', () => {
  const stream = Uint8Array.from([
    ...serverFrame(OPCODE.text, text('short')),
    ...serverFrame(OPCODE.ping, text('')),
    ...serverFrame(OPCODE.binary, new Uint8Array(200).fill(3), false),
    ...serverFrame(OPCODE.ping, text('between')),
    ...serverFrame(OPCODE.more, new Uint8Array(0), false),
    ...serverFrame(OPCODE.more, Uint8Array.of(9)),
    ...serverFrame(OPCODE.text, text('ü'.repeat(40_000))),
    ...serverFrame(OPCODE.close, Uint8Array.of(0x11, 0x4a, ...text('version'))),
    ...serverFrame(OPCODE.text, text('after the end')),
  ])
  const expected = [
    'short',
    { ping: 0 },
    { ping: 7 },
    [...new Uint8Array(200).fill(3), 9],
    'ü'.repeat(40_000),
    { close: 4426, reason: 'version' },
  ]
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (cuts) => {
      const { heard, parse } = listen()
      for (let at = 0, i = 0; at < stream.length; i++) {
        const size = i < 200 ? cuts[i % cuts.length]! : stream.length
        parse(stream.subarray(at, at + size))
        at += size
      }
      deepEqual(heard, expected)
    }),
    { numRuns: 30 },
  )
})

Deno.test('createFrameParser() refuses what a server must not send', () => {
  const cases: [Uint8Array, number][] = [
    [encodeClientFrame(OPCODE.text, text('masked'), new Uint8Array(4)), 1002],
    [serverFrame(OPCODE.more, text('of nothing')), 1002],
    [serverFrame(3, text('unknown')), 1002],
    [serverFrame(OPCODE.binary, new Uint8Array(101)), 1009],
  ]
  for (const [frame, code] of cases) {
    const { heard, parse } = listen(100)
    parse(frame)
    parse(serverFrame(OPCODE.text, text('ignored')))
    deepEqual(heard, [{ fault: code }])
  }
})
