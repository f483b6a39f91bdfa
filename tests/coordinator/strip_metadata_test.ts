/** Pictures on their way to nodes: the same pixels, not a word besides. */
import assert from 'node:assert/strict'
import { loadLocalCodec } from '../../src/cli/serve/codec_assets.ts'
import { SAMPLE_PAGE } from '../../src/cli/serve/serving.ts'
import { checkPicture } from '../../src/coordinator/picture.ts'
import { pictureOf } from '../../src/coordinator/infer_request.ts'
import { createCodecs } from '../../src/stages/codecs.ts'
import type { PictureType } from '../../src/stages/whole_file.ts'
import { chunk, pngOf, tiff } from '../stages/turned_png.ts'
import { ask, honest, joinScripted, PIXEL_PNG, untilReady, withCoordinator } from './fixture.ts'

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
  }))
