import assert from 'node:assert/strict'
import { loadLocalCodec } from '../../src/cli/serve/codec_assets.ts'
import { createCodecs } from '../../src/stages/codecs.ts'
import { cutCrop } from '../../src/stages/crop.ts'
import { stages } from '../../src/stages/stages.ts'
import { flattenOnWhite } from '../../src/stages/flatten.ts'
import { isWholeFile } from '../../src/stages/whole_file.ts'
import { codecs, contextOf, detect, sample } from './ocr.ts'
import { chunk, pngOf, tiff } from './turned_png.ts'

const invalid = async (type: string, bytes: Uint8Array) => {
  const result = await detect({ meta: { type }, bytes }, '256x320')
  assert.ok(!result.ok, `${bytes.length} bytes of ${type} were taken for a picture`)
  assert.equal(result.reason, 'invalid_input')
}

Deno.test('decode() gives size and opaque pixels of a JPEG', async () => {
  const picture = await codecs.decode('image/jpeg', await sample('page.jpg'))
  assert.deepEqual([picture.width, picture.height, picture.channels], [1280, 960, 4])
  assert.equal(picture.data.length, 1280 * 960 * 4)
  assert.equal(picture.data[3], 255)
})

Deno.test('decode() gives the pixels of a WebP', async () => {
  const bytes = Uint8Array.fromBase64('UklGRiAAAABXRUJQVlA4TBMAAAAvAQAAEA8Q+z//D/yPChWI6H8AAA==')
  const { width, height, data } = await codecs.decode('image/webp', bytes)
  assert.deepEqual([width, height, ...data], [2, 1, ...[255, 0, 0, 255], ...[0, 0, 255, 128]])
})

Deno.test('a truncated JPEG is invalid input, wherever it is cut', async () => {
  const bytes = await sample('page.jpg')
  for (const share of [0, 0.0001, 0.001, 0.3, 0.9]) {
    await invalid('image/jpeg', bytes.slice(0, Math.floor(bytes.length * share)))
  }
  await invalid('image/jpeg', bytes.slice(0, -2))
})

Deno.test('a truncated PNG is invalid input, wherever it is cut', async () => {
  const bytes = await sample('note.png')
  for (const length of [0, 8, 20, 60, bytes.length >> 1, bytes.length - 1]) {
    await invalid('image/png', bytes.slice(0, length))
  }
})

Deno.test('damaged and mislabelled files are invalid input, and the next one is read', async () => {
  const png = await sample('note.png')
  const damaged = png.slice()
  damaged.fill(0x55, 60, 4000)
  for (let i = 0; i < 3; i++) await invalid('image/png', damaged)
  const jpeg = await sample('page.jpg')
  await invalid('image/png', jpeg)
  await invalid('image/jpeg', png)
  await invalid('image/webp', png)
  await invalid('image/gif', png)
  // A JPEG of nothing but headers and end.
  await invalid('image/jpeg', Uint8Array.of(0xff, 0xd8, 0xff, 0xd9))
  await invalid('image/webp', new TextEncoder().encode('RIFF\x04\0\0\0WEBP'))
  for (const [type, bytes] of [['image/png', png], ['image/jpeg', jpeg]] as const) {
    assert.ok((await detect({ meta: { type }, bytes }, '256x320')).ok)
  }
})

Deno.test('a sound file that is not read is not said to be damaged', async () => {
  const cmyk = Uint8Array.fromBase64(
    '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAQCwwODAoQDg0OEhEQExgoGhgWFhgxIyUdKDozPTw5Mzg3QEhcTkBEV0U3OFBt' +
      'UVdfYmdoZz5NcXlwZHhcZWdj/8AAFAgAAQABBEMRAE0RAFkRAEsRAP/EABQAAQAAAAAAAAAAAAAAAAAAAAf/xAAUEAEA' +
      'AAAAAAAAAAAAAAAAAAAA/9oADgRDAE0AWQBLAAA/AEAfj8gP/9k=',
  )
  await assert.rejects(codecs.decode('image/jpeg', cmyk), /it is in four colours \(CMYK\)/)
  const animation = Uint8Array.fromBase64(
    'UklGRoQAAABXRUJQVlA4WAoAAAACAAAAAAAAAAAAQU5JTQYAAAD/////AABBTk1GKAAAAAAAAAAAAAAAAAAAADIAAAJW' +
      'UDhMDwAAAC8AAAAABxD9j/4HIqL/AQBBTk1GKAAAAAAAAAAAAAAAAAAAADIAAABWUDhMDwAAAC8AAAAABxDR//4HIqL/' +
      'AQA=',
  )
  await assert.rejects(codecs.decode('image/webp', animation), /it is an animation/)
})

Deno.test('decode() still works after hundreds of damaged PNGs', async () => {
  const png = await sample('note.png')
  const damaged = png.slice()
  damaged[2000]! ^= 0x55
  for (let i = 0; i < 500; i++) {
    await assert.rejects(codecs.decode('image/png', damaged), /Cannot decode image\/png/)
  }
  assert.equal((await codecs.decode('image/png', png)).width, 600)
})

Deno.test('a codec that cannot be loaded is not held against the picture', async () => {
  let loads = 0
  const broken = createCodecs((name) => {
    return ++loads === 1 ? Promise.reject(new Error('offline')) : loadLocalCodec(name)
  })
  const context = { ...await contextOf('detect', '256x320'), codecs: broken }
  const item = { meta: { type: 'image/png' }, bytes: await sample('note.png') }
  await assert.rejects(stages['text-detection']!.run([item], context), /Cannot load codec png/)
  const [result] = await stages['text-detection']!.run([item], context)
  assert.ok(result!.ok)
})

Deno.test('isWholeFile() lets data behind the end of a JPEG be', async () => {
  const bytes = await sample('page.jpg')
  const longer = new Uint8Array(bytes.length + 100)
  longer.set(bytes)
  assert.ok(isWholeFile('image/jpeg', longer))
})

Deno.test('decode() turns a JPEG upright as its EXIF orientation says', async () => {
  const bytes = await sample('page.jpg')
  // APP1 segment: EXIF, big-endian, one entry: orientation 6 (turn a quarter clockwise).
  const exif = [0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 42, 0, 0, 0, 8]
  const entry = [0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0]
  const turned = new Uint8Array([...bytes.slice(0, 2), ...exif, ...entry, ...bytes.slice(2)])
  const picture = await codecs.decode('image/jpeg', turned)
  assert.deepEqual([picture.width, picture.height], [960, 1280])
})

Deno.test('decode() turns a PNG upright as it turns a JPEG', async () => {
  const [width, height] = [24, 16]
  const data = Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) => i * 7 % 256)
  const jpeg = await codecs.encodeJpeg({ width, height, channels: 4, data }, 90)
  const stored = await codecs.decode('image/jpeg', jpeg)
  for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const exif = [...new TextEncoder().encode('Exif\0\0'), ...tiff(orientation, false)]
    const app1 = [0xff, 0xe1, 0, exif.length + 2, ...exif]
    const turned = Uint8Array.from([...jpeg.slice(0, 2), ...app1, ...jpeg.slice(2)])
    const expected = await codecs.decode('image/jpeg', turned)
    const png = pngOf(stored, [chunk('eXIf', tiff(orientation, true))])
    const picture = await codecs.decode('image/png', png)
    assert.deepEqual([picture.width, picture.height], [expected.width, expected.height])
    assert.deepEqual([...picture.data], [...expected.data], `orientation ${orientation}`)
  }
})

Deno.test('decode() leaves a WebP as it is stored, as Chromium does, whatever its EXIF says', async () => {
  // Orientation 6: a quarter clockwise.
  const bytes = Uint8Array.fromBase64(
    'UklGRlQAAABXRUJQVlA4WAoAAAAYAAAAAQAAAAAAVlA4TBMAAAAvAQAAEA8Q+z//D/yPChWI6H8AAEVYSUYaAAAATU0AKgAA' +
      'AAgAAQESAAMAAAABAAYAAAAAAAA=',
  )
  const { width, height, data } = await codecs.decode('image/webp', bytes)
  assert.deepEqual([width, height, ...data], [2, 1, ...[255, 0, 0, 255], ...[0, 0, 255, 128]])
})

Deno.test('flattenOnWhite() lays transparent pixels on white', () => {
  const data = Uint8Array.of(0, 0, 0, 0, 10, 20, 30, 255, 0, 100, 200, 128)
  const flat = flattenOnWhite({ width: 3, height: 1, channels: 4, data }).data
  assert.deepEqual([...flat], [255, 255, 255, 255, 10, 20, 30, 255, 127, 177, 227, 255])
})

Deno.test('a picture of one pixel is read as nothing', async () => {
  for (const [r, g, b] of [[0, 0, 0], [255, 255, 255]] as const) {
    const picture = { width: 1, height: 1, channels: 3 as const, data: Uint8Array.of(r, g, b) }
    const bytes = await codecs.encodeJpeg(picture, 90)
    const result = await detect({ meta: { type: 'image/jpeg' }, bytes })
    assert.ok(result.ok)
    assert.deepEqual(result.children, { recognise: [] })
    assert.deepEqual(result.fields, { width: 1, height: 1, lines: 0 })
  }
})

Deno.test('encodeJpeg() writes what decodes to the same picture, below quality 90 too', async () => {
  const page = await codecs.decode('image/jpeg', await sample('page.jpg'))
  const [width, height] = [320, 40]
  for (let top = 0; top < page.height; top += height) {
    const box = { cx: 400, cy: top + height / 2, width, height, angle: 0 }
    const { data } = cutCrop(page, box, { maxHeight: height, maxWidth: width })
    const bytes = await codecs.encodeJpeg({ width, height, channels: 3, data }, 75)
    const again = await codecs.decode('image/jpeg', bytes)
    assert.deepEqual([again.width, again.height], [width, height])
    let sum = 0
    for (let i = 0; i < data.length; i++) {
      sum += Math.abs(data[i]! - again.data[Math.floor(i / 3) * 4 + i % 3]!)
    }
    assert.ok(sum / data.length < 8, `${sum / data.length} of 255 at ${top}`)
  }
})
