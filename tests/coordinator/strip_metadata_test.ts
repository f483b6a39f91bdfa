/** Pictures on their way to nodes: the same pixels, not a word besides. */
import assert from 'node:assert/strict'
import { deflateSync } from 'node:zlib'
import { createCanvas } from '@napi-rs/canvas'
import encodeJpeg from '@jsquash/jpeg/encode.js'
import fc from 'fast-check'
import { loadLocalCodec } from '../../src/cli/serve/codec_assets.ts'
import { SAMPLE_PAGE } from '../../src/cli/serve/serving.ts'
import { ApiError } from '../../src/coordinator/core/api_error.ts'
import { checkPicture, pictureOf } from '../../src/coordinator/http/inputs/picture.ts'
import { createCodecs } from '../../src/stages/codecs.ts'
import type { PictureType } from '../../src/stages/whole_file.ts'
import { chunk, pngOf, tiff } from '../stages/turned_png.ts'
import { runs } from '../fuzz/fuzz.ts'
import { ask, honest, joinScripted, PIXEL_PNG, untilReady, withCoordinator } from './fixture.ts'
import { SECRET as TOLD_SECRET, TOLD } from './told_pictures.ts'
import { WRITTEN } from './written_pictures.ts'

const codecs = createCodecs(loadLocalCodec)
const SECRET = 'taken by Jane at 48.85 N'
const secret = new TextEncoder().encode(SECRET)
const text = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes)
const join = (...parts: ArrayLike<number>[]) =>
  Uint8Array.from(parts.flatMap((part) => Array.from(part)))
const ascii = (word: string) => new TextEncoder().encode(word)
const u16 = (n: number) => [n >> 8, n & 255]
const u32 = (n: number) => [n >>> 24, n >>> 16 & 255, n >>> 8 & 255, n & 255]

const segment = (marker: number, body: ArrayLike<number>) =>
  join([0xff, marker], u16(body.length + 2), body)

/** EXIF with an orientation and a secret, in either byte order. */
function exif(orientation: number, little: boolean): Uint8Array {
  const n16 = (n: number) => little ? u16(n).reverse() : u16(n)
  const n32 = (n: number) => little ? u32(n).reverse() : u32(n)
  return segment(
    0xe1,
    join(
      ...[ascii('Exif\0\0'), ascii(little ? 'II' : 'MM'), n16(42), n32(8), n16(2)],
      ...[n16(0x112), n16(3), n32(1), n16(orientation), n16(0)],
      ...[n16(0x10e), n16(2), n32(secret.length), n32(38), n32(0), secret],
    ),
  )
}

/** With what cameras and programs write into it, after the start or the first segment. */
function talkative(jpeg: Uint8Array, orientation: number, little: boolean, early: boolean) {
  const at = early ? 2 : 4 + jpeg[4]! * 256 + jpeg[5]!
  return join(
    jpeg.subarray(0, at),
    exif(orientation, little),
    segment(0xe2, join(ascii('ICC_PROFILE\0'), secret)),
    segment(0xed, secret),
    segment(0xfe, secret),
    ...[jpeg.subarray(at), secret],
  )
}

async function samePixels(type: PictureType, one: Uint8Array, other: Uint8Array) {
  const [a, b] = [await codecs.decode(type, one), await codecs.decode(type, other)]
  assert.deepEqual([b.width, b.height], [a.width, a.height])
  assert.deepEqual(b.data, a.data)
}

Deno.test('a JPEG loses place, time and comments, and keeps its pixels and the way up', async (t) => {
  const width = 24, height = 16
  const data = Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) => i * 7 % 256)
  const jpeg = await codecs.encodeJpeg({ width, height, channels: 4, data }, 90)
  for (const orientation of [1, 3, 6, 8]) {
    for (const little of [true, false]) {
      for (const early of [true, false]) {
        await t.step(`orientation ${orientation}, ${little}, ${early}`, async () => {
          const told = talkative(jpeg, orientation, little, early)
          assert.ok(text(told).includes(SECRET))
          assert.equal(checkPicture(told).orientation, orientation)
          const { bytes } = pictureOf(told)
          assert.ok(!text(bytes).includes(SECRET))
          assert.equal(checkPicture(bytes, 'image/jpeg').orientation ?? 1, orientation)
          const picture = await codecs.decode('image/jpeg', bytes)
          assert.equal(picture.width, orientation > 4 ? height : width)
          await samePixels('image/jpeg', told, bytes)
        })
      }
    }
  }
})

Deno.test('a JPEG keeps the way up that its decoder reads, wherever it is told', async () => {
  const width = 24, height = 16
  const data = Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) => i * 7 % 256)
  const jpeg = await codecs.encodeJpeg({ width, height, channels: 4, data }, 90)
  const startOf = (marker: number) => {
    let at = 2
    while (jpeg[at + 1] !== marker) at += 2 + jpeg[at + 2]! * 256 + jpeg[at + 3]!
    return at
  }
  const before = (at: number, ...segments: Uint8Array[]) =>
    join(jpeg.subarray(0, at), ...segments, jpeg.subarray(at))
  const far = segment(
    0xe1,
    join(
      ...[ascii('Exif\0\0MM'), u16(42), u32(12), u32(0), u16(1)],
      ...[u16(0x112), u16(3), u32(1), u16(6), u16(0), u32(0)],
    ),
  )
  for (
    const [told, orientation] of [
      [before(2, exif(6, true), exif(3, true)), 6],
      [before(2, exif(1, false), exif(6, false)), 1],
      [before(2, far), 6],
      [before(startOf(0xda), exif(8, true)), 8],
    ] as const
  ) {
    const { bytes } = pictureOf(told)
    assert.equal((await codecs.decode('image/jpeg', bytes)).width, orientation > 4 ? height : width)
    await samePixels('image/jpeg', told, bytes)
  }
})

Deno.test('a JPEG keeps all else, wherever words stand between', async () => {
  const data = Uint8ClampedArray.from({ length: 4 * 16 * 16 }, (_, i) => i * 7 % 256)
  const jpeg = await codecs.encodeJpeg({ width: 16, height: 16, channels: 4, data }, 90)
  const parts = [jpeg.subarray(0, 2)]
  for (let at = 2; at < jpeg.length;) {
    const isLast = jpeg[at + 1] === 0xda
    const end = isLast ? jpeg.length : at + 2 + jpeg[at + 2]! * 256 + jpeg[at + 3]!
    parts.push(segment(0xfe, secret), jpeg.subarray(at, end))
    at = end
  }
  assert.ok(parts.length > 8, `${parts.length} parts`)
  assert.deepEqual(pictureOf(join(...parts)).bytes, jpeg)
})

Deno.test('a PNG loses what its EXIF tells, and keeps the way up', async () => {
  const [width, height] = [3, 2]
  const data = Array.from({ length: 4 * width * height }, (_, i) => i % 4 === 3 ? 255 : 10 * i)
  for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
    for (const little of [true, false]) {
      const exif = chunk('eXIf', tiff(orientation, little, SECRET))
      const told = pngOf({ width, height, data }, [exif])
      assert.ok(text(told).includes(SECRET))
      const { bytes } = pictureOf(told)
      assert.ok(!text(bytes).includes(SECRET))
      assert.equal(text(bytes).includes('eXIf'), orientation !== 1)
      const picture = await codecs.decode('image/png', bytes)
      assert.equal(picture.width, orientation > 4 ? height : width)
      await samePixels('image/png', told, bytes)
      assert.equal(pictureOf(bytes).bytes, bytes, 'nothing more to lose')
    }
  }
})

Deno.test('a picture that says nothing goes on as it came', async () => {
  for (const picture of [PIXEL_PNG, await Deno.readFile(SAMPLE_PAGE)]) {
    const { bytes, meta } = pictureOf(picture)
    await samePixels(meta['type'] as PictureType, picture, bytes)
  }
  assert.equal(pictureOf(PIXEL_PNG).bytes, PIXEL_PNG)
})

Deno.test('a PNG loses its words, a WebP its profile and its EXIF', () => {
  const chunk = (name: string, body: Uint8Array) =>
    join(u32(body.length), ascii(name), body, u32(0))
  const at = 33
  const words = ['tEXt', 'iTXt', 'zTXt', 'eXIf', 'tIME', 'abCd'].map((name) => chunk(name, secret))
  const png = join(PIXEL_PNG.subarray(0, at), ...words, PIXEL_PNG.subarray(at), secret)
  assert.deepEqual(pictureOf(png).bytes, PIXEL_PNG)

  // One lossless pixel, in the extended format.
  const le = (n: number) => u32(n).reverse()
  const riff = (name: string, body: ArrayLike<number>) =>
    join(ascii(name), le(body.length), body, body.length % 2 ? [0] : [])
  const vp8l = riff('VP8L', Uint8Array.fromHex('2f0000000007d0fffef7bfff8188888888000000'))
  const file = (...chunks: Uint8Array[]) =>
    join(
      ascii('RIFF'),
      le(4 + chunks.reduce((sum, { length }) => sum + length, 0)),
      ascii('WEBP'),
      ...chunks,
    )
  const head = (flags: number) => riff('VP8X', [flags, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  const told = file(
    head(0x2c),
    riff('ICCP', secret),
    vp8l,
    riff('EXIF', secret),
    riff('XMP ', secret),
  )
  const { bytes } = pictureOf(told)
  assert.deepEqual(bytes, file(head(0), vp8l))
})

Deno.test('no place in a file tells a node anything, and a file not understood is refused', async () => {
  assert.ok(TOLD.length > 100)
  for (const { name, bytes, refused } of TOLD) {
    assert.ok(text(bytes).includes(TOLD_SECRET), name)
    if (refused) {
      const isRefused = (error: Error) =>
        error instanceof ApiError && error.reason === 'invalid_input'
      assert.throws(() => pictureOf(bytes), isRefused, name)
      continue
    }
    const { bytes: sent, meta } = pictureOf(bytes)
    assert.ok(!text(sent).includes(TOLD_SECRET), name)
    const { width, height } = checkPicture(bytes)
    const picture = await codecs.decode(meta['type'] as PictureType, sent)
    assert.deepEqual([picture.width, picture.height], [width, height], name)
    assert.deepEqual(pictureOf(sent).bytes, sent, `${name}: there is nothing more to take out`)
  }
})

Deno.test('what other programs write keeps its pixels', async () => {
  const canvas = createCanvas(33, 21)
  const context = canvas.getContext('2d')
  context.fillStyle = '#39c'
  context.fillRect(0, 0, 33, 15)
  context.fillStyle = 'rgba(200, 40, 20, 0.4)'
  context.fillRect(5, 3, 19, 18)
  const { data, width, height } = context.getImageData(0, 0, 33, 21)
  const image = { data: Uint8ClampedArray.from(data), width, height } as unknown as ImageData
  const files = [
    ...Object.values(WRITTEN),
    ...(['image/png', 'image/jpeg', 'image/webp'] as const).map((type) =>
      Uint8Array.from(type === 'image/png' ? canvas.toBuffer(type) : canvas.toBuffer(type, 80))
    ),
  ]
  for (const options of [{ progressive: true }, { progressive: false, optimize_coding: false }]) {
    files.push(new Uint8Array(await encodeJpeg(image, { quality: 60, ...options })))
  }
  const ends = { same: 0, unread: 0 }
  for (const file of files) {
    const type = checkPicture(file).type
    const before = await codecs.decode(type, file).catch(String)
    if (typeof before === 'string') {
      // Four colours, and an animation.
      ends.unread++
      assert.match(before, /CMYK|animation/)
      await assert.rejects(
        async () => await codecs.decode(type, pictureOf(file).bytes),
        /CMYK|animation/,
      )
      continue
    }
    ends.same++
    assert.deepEqual(await codecs.decode(type, pictureOf(file).bytes), before)
  }
  assert.deepEqual(ends, { same: files.length - 2, unread: 2 })
})

/** Where the pixels of each of Adam7's passes lie, and how far apart. */
const PASSES = [
  ...[[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2]],
  [0, 1, 1, 2],
] as const
const KINDS = [
  ...[[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [2, 8], [2, 16], [3, 1], [3, 2], [3, 4], [3, 8]],
  ...[[4, 8], [4, 16], [6, 8], [6, 16]],
] as const
const CHANNELS: { [colourType: number]: number } = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }

const anyPng = fc.record({
  kind: fc.constantFrom(...KINDS),
  size: fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 })),
  interlaced: fc.boolean(),
  transparent: fc.boolean(),
  filter: fc.nat(4),
  noise: fc.uint8Array({ minLength: 64, maxLength: 64 }),
}).map(({ kind: [type, depth], size: [width, height], interlaced, transparent, filter, noise }) => {
  const passes = interlaced ? PASSES : [[0, 0, 1, 1] as const]
  const rows: number[] = []
  for (const [left, top, across, down] of passes) {
    const pixels = Math.ceil((width - left) / across)
    const lines = Math.ceil((height - top) / down)
    const bytes = Math.ceil(pixels * CHANNELS[type]! * depth / 8)
    for (let line = 0; pixels > 0 && line < lines; line++) {
      rows.push(filter, ...Array.from({ length: bytes }, () => noise[rows.length * 7 % 64]!))
    }
  }
  const colours = 2 ** depth
  const palette = Array.from({ length: 3 * colours }, (_, i) => noise[i % 64]!)
  const clear = type === 0 ? 2 : type === 2 ? 6 : Math.min(colours, 5)
  const before = [
    chunk('gAMA', u32(45455 + noise[0]!)),
    chunk('cHRM', noise.subarray(0, 32)),
    chunk('sBIT', Array(type === 3 ? 3 : CHANNELS[type]!).fill(1)),
    ...type === 3 ? [chunk('PLTE', palette)] : [],
    ...transparent && type < 4 ? [chunk('tRNS', Array(clear).fill(0))] : [],
  ]
  return join(
    [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10],
    chunk('IHDR', [...u32(width), ...u32(height), depth, type, 0, 0, interlaced ? 1 : 0]),
    ...before,
    chunk('IDAT', deflateSync(Uint8Array.from(rows))),
    chunk('IEND', []),
  )
})

Deno.test('a PNG of any colours, interlaced or not, keeps its pixels', async () => {
  let decoded = 0
  await fc.assert(
    fc.asyncProperty(anyPng, async (png) => {
      const before = await codecs.decode('image/png', png).catch(String)
      const after = await codecs.decode('image/png', pictureOf(png).bytes).catch(String)
      assert.deepEqual(after, before)
      if (typeof before !== 'string') decoded++
    }),
    runs(0.1),
  )
  assert.ok(decoded > 100, `${decoded} decoded`)
})

Deno.test('a node is sent no more than pixels', () =>
  withCoordinator(async (coordinator) => {
    const node = await joinScripted(coordinator, 'one', honest)
    await untilReady(coordinator)
    const words = join(u32(secret.length), ascii('tEXt'), secret, u32(0))
    const told = join(PIXEL_PNG.subarray(0, 33), words, PIXEL_PNG.subarray(33))
    const response = await ask(coordinator, { 'x-request-id': 'of-jane' }, told)
    assert.equal(response.status, 200, await response.text())
    const { message, blobs } = node.batches[0]!
    assert.deepEqual(blobs[0], PIXEL_PNG)
    assert.ok(!JSON.stringify(message).includes('jane'))
    const sent = node.batches.length
    for (const { name, bytes, refused } of TOLD) {
      if (!refused) continue
      const type = `image/${name.split(',')[0]!.toLowerCase()}`
      const response = await ask(coordinator, { 'content-type': type }, bytes)
      assert.equal(response.status, 400, name)
      const { error, reason } = await response.json()
      assert.equal(reason, 'invalid_input')
      assert.match(error, /^Cannot (use the|read a|read the body as) /)
      assert.doesNotMatch(error, /its content is/)
    }
    assert.equal(node.batches.length, sent)
  }))
