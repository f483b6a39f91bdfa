/** Requests made to keep the coordinator busy: each is refused before what would take long. */
import assert from 'node:assert/strict'
import type { Takes } from '../../src/pipeline/takes.ts'
import { ApiError } from '../../src/coordinator/core/api_error.ts'
import { readInferBody, readInferHeaders } from '../../src/coordinator/apis/common/infer_request.ts'
import { modelOf } from '../../src/coordinator/apis/oip/model.ts'
import { readRequest } from '../../src/coordinator/apis/oip/request.ts'
import { checkPicture, pictureOf } from '../../src/coordinator/http/inputs/picture.ts'
import { pipeline, PIXEL_PNG } from './fixture.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const join = (...parts: ArrayLike<number>[]) =>
  Uint8Array.from(parts.flatMap((part) => Array.from(part)))
const repeat = (part: ArrayLike<number>, times: number) => {
  const all = new Uint8Array(part.length * times)
  for (let i = 0; i < times; i++) all.set(part, i * part.length)
  return all
}

const refused = (call: () => unknown, why: RegExp, reason = 'invalid_input') =>
  assert.throws(call, (error) => {
    assert.ok(error instanceof ApiError, String(error))
    assert.equal(error.reason, reason)
    assert.match(error.message, why)
    return true
  })

const SOI = [0xff, 0xd8]
const NOTHING = [0xff, 0xe1, 0, 2]
const TABLE = [0xff, 0xdb, 0, 2]
const FRAME = [0xff, 0xc0, 0, 11, 8, 0, 9, 0, 7, 1, 1, 0x11, 0]
const SCAN = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x55]
const EOI = [0xff, 0xd9]
const EXIF = join([0xff, 0xe1, 0, 34], encode('Exif\0\0MM'), [
  ...[0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0],
])

Deno.test('files of other formats are refused by their first bytes, whatever they say inside', () => {
  const sized = (head: string) => join(encode(head), new Uint8Array(100).fill(1))
  const box = (size: number, name: string) => join([0, 0, size >> 8, size & 255], encode(name))
  const heif = join(
    ...[box(12, 'ftyp'), encode('mif1'), box(52, 'meta'), [0, 0, 0, 0], box(40, 'iprp')],
    ...[box(32, 'ipco'), box(20, 'ispe'), [0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 9], [0, 0, 0, 0]],
  )
  const others = [
    ...[heif, sized('GIF89a'), sized('BM'), sized('8BPS'), sized('II*\0'), sized('RIFF1111WAVE')],
    ...[encode('<svg width="9" height="9"></svg>'), sized('icns'), sized('P6 9 9 255 ')],
    ...[new Uint8Array(1000), join(SOI, new Uint8Array(1000)), SOI, [0xff]].map((one) => join(one)),
  ]
  for (const bytes of others) {
    refused(() => checkPicture(bytes, 'image/png'), /it is not PNG, JPEG or WebP, or broken/)
  }
})

Deno.test('a JPEG is told by its frame header, behind as many segments as pictures have', () => {
  const usual = join(SOI, repeat(NOTHING, 500), EXIF, [0xff], TABLE, [7, 7], FRAME, EOI)
  const size = { width: 7, height: 9 }
  assert.deepEqual(checkPicture(usual), { type: 'image/jpeg', ...size, orientation: 6 })
  assert.deepEqual(checkPicture(join(SOI, FRAME, EOI)), { type: 'image/jpeg', ...size })
  const endless = join(SOI, repeat(NOTHING, 5000), FRAME, EOI)
  refused(() => checkPicture(endless), /not PNG, JPEG or WebP, or broken/)
})

Deno.test('a WebP is told by its first chunk, whichever of three it is', () => {
  // Of 10,001 pixels by 3, and of 2 by 10,002: with loss, without, and with transparency.
  const heads = [
    '5249464660010000574542505650382054010000d024009d012a11270300',
    '524946461c000000574542505650384c100000002f10a700000710652e51',
    '524946469401000057454250565038580a00000010000000102700020000',
    '5249464660010000574542505650382054010000d024009d012a02001227',
    '524946461c000000574542505650384c100000002f0140c4090710652e51',
    '52494646aa01000057454250565038580a00000010000000010000112700',
  ].map((hex) => Uint8Array.fromHex(hex))
  const sizes = heads.map((head) => {
    try {
      return checkPicture(head).type
    } catch (error) {
      return /of (\d+x\d+) pixels/.exec(String(error))?.[1]
    }
  })
  assert.deepEqual(sizes, [...Array(3).fill('10001x3'), ...Array(3).fill('2x10002')])
  for (const head of heads) {
    // A chunk that no picture begins with, and a file that ends before its size.
    refused(() => checkPicture(head.with(15, 0x41)), /not PNG, JPEG or WebP, or broken/)
    refused(() => checkPicture(head.subarray(0, 12)), /not PNG, JPEG or WebP, or broken/)
  }
})

Deno.test('a picture in more pieces than any is refused, one that says much at once is not', () => {
  const said = join(SOI, FRAME, repeat(NOTHING, 20_000), TABLE, SCAN, EOI)
  assert.deepEqual(pictureOf(said).bytes, join(SOI, FRAME, TABLE, SCAN, EOI))
  const chunk = (name: string) => join([0, 0, 0, 0], encode(name), [0, 0, 0, 0])
  const [head, tail] = [PIXEL_PNG.subarray(0, 33), PIXEL_PNG.subarray(33)]
  const riff = (name: string) => join(encode(name), [0, 0, 0, 0])
  const chunks = repeat(riff('EXIF'), 20_000)
  const frame = join(encode('VP8X'), [10, 0, 0, 0], new Uint8Array(10))
  const webp = join(encode('RIFF1111WEBP'), frame, chunks)
  new DataView(webp.buffer).setUint32(4, webp.length - 8, true)
  const inPieces = {
    jpeg: join(SOI, FRAME, repeat(join(TABLE, NOTHING), 20_000), EOI),
    png: join(head, repeat(join(chunk('IDAT'), chunk('tEXt')), 20_000), tail),
    webp,
  }
  for (const bytes of Object.values(inPieces)) {
    refused(() => pictureOf(bytes), /so many pieces|too many chunks/)
  }
})

Deno.test('a JPEG of more scans than any is refused: each would be drawn over all of it', () => {
  const of = (scans: number, frame = FRAME) => join(SOI, frame, repeat(SCAN, scans), EOI)
  assert.deepEqual(pictureOf(of(100)).bytes, of(100))
  refused(() => pictureOf(of(101)), /a JPEG of so many scans/)
  // Of 10,000 by 5,000 pixels.
  const large = FRAME.with(5, 0x13).with(6, 0x88).with(7, 0x27).with(8, 0x10)
  assert.equal(pictureOf(of(16, large)).bytes.length, of(16).length)
  refused(() => pictureOf(of(17, large)), /it has 17, and with its size the most is 16/)
})

const model = modelOf(pipeline)
const many = (text: string, count = 1000) => Array(count).fill(text).join()
const input = (members: string) =>
  `{"name":"image","datatype":"BYTES","shape":[1],"parameters":{"encoding":"base64"},${members}}`
const named = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`name ${i}`, []]))
const unread = 'x'.repeat(1000)

Deno.test('JSON of long lists and many members is refused by their number', () => {
  const v1 = (text: string) => readInferBody('application/json', encode(text))
  const v2 = (text: string) => readRequest(model, null, encode(text))
  for (const read of [v1, v2]) {
    const of = (members: string) => () => read(`{"inputs":[${input(members)}]}`)
    refused(
      of(`"data":[${many('0')}]`),
      /exactly 1 items|over 1 elements|element 0 of data is not a string/,
    )
    refused(of(`"data":[""],"shape":[${many('0.5')}]`), /inputs\.0\.shape: .*<=16 items/)
    refused(of(`"data":[""],"parameters":${JSON.stringify(named)}`), /over 64 parameters/)
    refused(() => read(`{"inputs":[${many('0')}]}`), /inputs: .* (exactly 1|<=256) items/)
    refused(() => read(`{"inputs":[${many('[]', 40_000)}]}`), /over 65536 elements/, 'too_large')
    refused(() => read(`{"inputs":[${many('{}', 70_000)}]}`), /over 65536 objects and members/)
  }
  const whole = (members: string) => () => v2(`{"inputs":[${input('"data":[""]')}],${members}}`)
  refused(whole(`"outputs":[${many('0')}]`), /outputs: .*<=256 items/)
  refused(whole(`"parameters":${JSON.stringify(named)}`), /over 64 parameters/)
  assert.throws(whole(`"parameters":{"${unread}":[]}`), ({ message }) => message.length < 400)
})

Deno.test('data nested without end is refused, where strings are asked for and where numbers are', () => {
  const deep = '['.repeat(60_000) + ']'.repeat(60_000)
  const text = `{"inputs":[${input(`"data":${deep}`)}]}`
  refused(() => readRequest(model, null, encode(text)), /element 0 of data is not a string/)
  const takes: Takes = { x: { type: 'float32', shape: [1] } }
  const object = '{"a":'.repeat(30_000) + '0' + '}'.repeat(30_000)
  for (const data of [deep, `[${object}]`]) {
    const body = `{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":${data}}]}`
    refused(
      () => readInferBody('application/json', encode(body), takes),
      /element 0 of data is no FP32: received a list or an object/,
    )
  }
})

Deno.test('a least accuracy of more digits than a number has is not read as one', () => {
  const read = (accuracy: string) =>
    readInferHeaders(new Headers({ 'x-min-accuracy': accuracy }), 1000)
  assert.equal(read('0.1234567890123456789').minAccuracy, 0.1234567890123456789)
  refused(() => read(`0.${'5'.repeat(100)}`), /x-min-accuracy/)
})
