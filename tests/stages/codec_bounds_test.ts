/** What a picture may take of a node: memory, passes, pixels, bytes. */
import assert from 'node:assert/strict'
import { constants, deflateSync } from 'node:zlib'
import { loadLocalCodec } from '../../src/cli/serve/codec_assets.ts'
import { createCodecs } from '../../src/stages/codecs.ts'
import { stages } from '../../src/stages/stages.ts'
import { sampleJpeg } from '../../src/stages/sample.ts'
import { codecs, contextOf } from './ocr.ts'
import { chunk } from './turned_png.ts'

Deno.test('memory that a large picture took is given back with the instance that has it', async () => {
  const { Instance } = WebAssembly
  let made = 0
  WebAssembly.Instance = class extends Instance {
    constructor(...given: ConstructorParameters<typeof Instance>) {
      super(...given)
      made++
    }
  }
  try {
    const own = createCodecs(loadLocalCodec)
    const counts: number[] = []
    for (const side of [64, 64, 2176, 2176, 64, 64]) {
      await own.decode('image/jpeg', sampleJpeg(side, side))
      counts.push(made)
    }
    assert.deepEqual(counts, [1, 1, 1, 2, 3, 3])
  } finally {
    WebAssembly.Instance = Instance
  }
})

/**
 * A lossless WebP of one colour, with so many codes of its own for squares of four pixels: none of
 * them takes more than three bytes, and a decoder makes tables of kilobytes of each.
 */
function webpOfCodes(side: number, codes: number): Uint8Array {
  const bits: number[] = []
  const put = (value: number, count: number) => {
    for (let i = 0; i < count; i++) bits.push(value >> i & 1)
  }
  const putCode = (symbol: number) => {
    for (let i = 7; i >= 0; i--) bits.push(symbol >> i & 1)
  }
  const oneSymbol = () => put(0b0001, 4)
  /** The first 256 of some symbols, each by eight bits; lengths are told by 0 for none, 1 for eight. */
  const allBytes = (symbols: number) => {
    put(0, 1)
    put(8, 4)
    for (let i = 0; i < 12; i++) put(i === 2 || i === 11 ? 1 : 0, 3)
    put(0, 1)
    for (let i = 0; i < symbols; i++) put(i < 256 ? 1 : 0, 1)
  }
  put(0x2f, 8)
  put(side - 1, 14)
  put(side - 1, 14)
  // No transparency, version 0, no transform, no cache of colours; codes for squares of 2^(0 + 2).
  for (const [value, count] of [[0, 1], [0, 3], [0, 1], [0, 1], [1, 1], [0, 3]] as const) {
    put(value, count)
  }
  put(0, 1)
  allBytes(280)
  allBytes(256)
  for (let i = 0; i < 3; i++) oneSymbol()
  for (let i = 0; i < (side / 4) ** 2; i++) {
    putCode(i % codes & 255)
    putCode(i % codes >> 8)
  }
  for (let i = 0; i < 5 * codes; i++) oneSymbol()
  const data = new Uint8Array(2 * Math.ceil(bits.length / 16))
  bits.forEach((bit, i) => data[i >> 3]! |= bit << (i & 7))
  const file = new Uint8Array(20 + data.length)
  file.set(new TextEncoder().encode('RIFF....WEBPVP8L'))
  new DataView(file.buffer).setUint32(4, file.length - 8, true)
  new DataView(file.buffer).setUint32(16, data.length, true)
  file.set(data, 20)
  return file
}

Deno.test('a decoder gets no more memory than pictures of the size take', async () => {
  const { Instance, Memory } = WebAssembly
  let memory: WebAssembly.Memory | undefined
  WebAssembly.Instance = class extends Instance {
    constructor(...given: ConstructorParameters<typeof Instance>) {
      super(...given)
      memory = Object.values(this.exports).find((one) => one instanceof Memory)
    }
  }
  try {
    const own = createCodecs(loadLocalCodec)
    assert.equal((await own.decode('image/webp', webpOfCodes(512, 300))).width, 512)
    // A third of a megabyte, of a megapixel: of these tables there would be 370 MB.
    const bomb = webpOfCodes(1024, 65_536)
    assert.ok(bomb.length < 300_000)
    await assert.rejects(own.decode('image/webp', bomb), /^PictureError: Cannot decode image\/webp/)
    const mostBytes = 64 * 2 ** 20 + bomb.length + 12 * 1024 * 1024
    assert.ok(memory!.buffer.byteLength <= mostBytes, `${memory!.buffer.byteLength} bytes`)
    assert.equal((await own.decode('image/webp', webpOfCodes(512, 300))).width, 512)
  } finally {
    WebAssembly.Instance = Instance
  }
})

/** A progressive JPEG of grey whose scans have a byte each. */
function jpegOfScans(width: number, height: number, scans: number): Uint8Array {
  const segment = (marker: number, ...body: number[]) => [0xff, marker, 0, body.length + 2, ...body]
  const codes = (kind: number) => segment(0xc4, kind, 1, ...Array(15).fill(0), 0)
  return Uint8Array.from([
    ...[0xff, 0xd8],
    ...segment(0xdb, 0, ...Array(64).fill(1)),
    ...segment(0xc2, 8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0),
    ...[...codes(0), ...codes(0x10)],
    ...segment(0xda, 1, 1, 0, 0, 0, 0),
    0,
    ...Array(scans - 1).fill([...segment(0xda, 1, 1, 0, 1, 63, 0), 0]).flat(),
    ...[0xff, 0xd9],
  ])
}

Deno.test('a JPEG that goes over its pixels too often is not decoded', async () => {
  // Two kilobytes would keep a decoder busy for half a minute.
  await assert.rejects(
    codecs.decode('image/jpeg', jpegOfScans(10_000, 5000, 100)),
    /Cannot decode image\/jpeg: 50000000 pixels in 100 scans are too many/,
  )
  assert.equal((await codecs.decode('image/jpeg', jpegOfScans(100, 50, 100))).width, 100)
  await assert.rejects(codecs.decode('image/jpeg', jpegOfScans(100, 50, 101)), /101 scans/)
})

Deno.test('a picture beyond the memory that there is for one is too large, one within it is not', async () => {
  const own = createCodecs(loadLocalCodec, 100 * 50)
  const context = { ...await contextOf('detect', '256x320'), codecs: own }
  const type = 'image/jpeg'
  const items = [[100, 50], [100, 51]].map(([width, height]) => ({
    meta: { type },
    bytes: jpegOfScans(width!, height!, 1),
  }))
  const [first, second] = await stages['text-detection']!.run(items, context)
  assert.ok(first!.ok)
  assert.ok(!second!.ok && second!.reason === 'too_large')
  assert.match(second!.message, /5100 pixels here: there is memory for 5000/)
})

Deno.test('a crop that is larger than it is said to be is invalid input', async () => {
  const context = await contextOf('recognise', 'h32w480')
  const bytes = sampleJpeg(128, 32)
  const [good, bad] = await stages['text-recognition']!.run([
    { meta: { format: 'jpeg', width: 128, height: 32 }, bytes: bytes.slice() },
    { meta: { format: 'jpeg', width: 64, height: 32 }, bytes },
  ], context)
  assert.ok(good!.ok)
  assert.ok(!bad!.ok && bad!.reason === 'invalid_input')
  assert.match(bad!.message, /it is of 128x32 pixels, not 64x32/)
})

Deno.test('a PNG whose data goes on beyond its pixels is not unpacked to its end', async () => {
  const png = (width: number, height: number, data: Uint8Array) =>
    new Blob([
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10),
      chunk('IHDR', [
        0,
        0,
        width >> 8,
        width & 255,
        0,
        0,
        height >> 8,
        height & 255,
        8,
        0,
        0,
        0,
        0,
      ]),
      chunk('IDAT', data),
      chunk('IEND', []),
    ]).bytes()
  // A gibibyte of zeros in a mebibyte, of pieces that stand for themselves.
  const piece = deflateSync(new Uint8Array(2 ** 24), { finishFlush: constants.Z_FULL_FLUSH })
  const more = Array(63).fill(piece.subarray(2))
  const endless = await new Blob([piece, ...more, Uint8Array.of(3, 0)]).bytes()
  const bomb = await png(1, 1, endless)
  await assert.rejects(codecs.decode('image/png', bomb), /its data goes on beyond its pixels/)
  // As large a file that has no more than its picture's.
  const [width, height] = [1000, 1000]
  const rows = Uint8Array.from({ length: height * (1 + width) }, (_, i) => i * i * 31 >> 5)
  for (let y = 0; y < height; y++) rows[y * (1 + width)] = 0
  const whole = await codecs.decode(
    'image/png',
    await png(width, height, deflateSync(rows, { level: 0 })),
  )
  assert.deepEqual([whole.width, whole.data[4]], [width, rows[2]])
})
