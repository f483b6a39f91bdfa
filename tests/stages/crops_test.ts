/** What crops show is compared: of real pages, cut by honest nodes and by those that are not. */
import assert from 'node:assert/strict'
import { loadLocalCodec } from '../../src/cli/serve/codec_assets.ts'
import { createRandom } from '../../src/sim/random.ts'
import { agree, faultOf } from '../../src/stages/agreement/agreement.ts'
import { createCropDecoder } from '../../src/stages/agreement/crop_decoder.ts'
import { type Look, rectangleOf } from '../../src/stages/agreement/crops.ts'
import { toleranceOf } from '../../src/stages/agreement/tolerance.ts'
import { cornersOf } from '../../src/stages/box.ts'
import { startJpegDecoder } from '../../src/stages/codecs.ts'
import { cutCrop } from '../../src/stages/crop.ts'
import { pictureOf } from '../../src/stages/item.ts'
import type { CropEncoding, ItemResult, Picture, StageItem } from '../../src/stages/types.ts'
import { codecs, detect, pipeline, sample } from './ocr.ts'

const task = pipeline.tasks['detect']!
const same = toleranceOf('wasm', 'wasm')
const other = toleranceOf('wasm', 'webgpu')
const module = await loadLocalCodec('jpeg_dec')
const decodeJpeg = await createCropDecoder(() => startJpegDecoder(module))
const lookOf = (pixels = Infinity): Look => ({ decodeJpeg, random: createRandom(3), pixels })
const agrees = (a: ItemResult, b: ItemResult, tolerance = same, look = lookOf()) =>
  agree(task, a, b, tolerance, look) && agree(task, b, a, tolerance, look)

const page: StageItem = { meta: { type: 'image/jpeg' }, bytes: await sample('page.jpg') }
const picture = await pictureOf(page, codecs)

/** As it comes from a node that was asked for such crops. */
async function read(crops: CropEncoding): Promise<ItemResult> {
  return withLines(await detect(page, '256x320', crops), (line) => ({ ...line, asked: crops }))
}

type Served = Extract<ItemResult, { ok: true }>
const linesOf = (result: ItemResult) => (result as Served).children['recognise']!

function withLines(
  result: ItemResult,
  change: (line: StageItem, i: number) => StageItem,
): ItemResult {
  return { ...result as Served, children: { recognise: linesOf(result).map(change) } }
}

const asPicture = ({ meta, bytes }: StageItem): Picture => ({
  ...{ width: Number(meta['width']), height: Number(meta['height']), channels: 3, data: bytes },
})

const found = { raw: await read('raw'), jpeg: await read('jpeg') }

/** The lines of a result, some of them changed, encoded as they came or as JPEG. */
async function changed(
  crops: CropEncoding,
  change: (line: StageItem, i: number) => StageItem | undefined,
): Promise<ItemResult> {
  const lines = await Promise.all(
    linesOf(found[crops]).map(async (line, i) => {
      const other = change(linesOf(found.raw)[i]!, i)
      if (other === undefined || crops === 'raw') return other ?? line
      const bytes = await codecs.encodeJpeg(asPicture(other), 92)
      return { ...line, meta: { ...other.meta, format: 'jpeg' }, bytes }
    }),
  )
  return withLines(found[crops], (_, i) => lines[i]!)
}

/** One stretch of a line as wide as a character, taken from elsewhere in it, where that shows. */
function retouched(line: StageItem, random: () => number): StageItem | undefined {
  const { width, height, data } = asPicture(line)
  const side = Math.round(height * 0.45)
  if (width < 4 * side) return undefined
  const bytes = data.slice() as Uint8Array
  const [to, from] = [random(), random()].map((at) => Math.floor(at * (width - side)))
  let difference = 0
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < 3 * side; i++) {
      const [at, was] = [3 * (y * width + to!) + i, 3 * (y * width + from!) + i]
      difference += Math.abs(data[at]! - data[was]!)
      bytes[at] = data[was]!
    }
  }
  // A stretch of paper, or the same letter again, makes no other text.
  return difference < 15 * 3 * side * height ? undefined : { ...line, bytes }
}

Deno.test('crops of honest nodes agree, whether they travelled raw or as JPEG', () => {
  assert.ok(linesOf(found.raw).length > 8)
  for (const result of Object.values(found)) {
    assert.equal(faultOf(task, result), undefined)
    for (const one of Object.values(found)) assert.ok(agrees(result, one))
  }
})

Deno.test('crops of boxes that are a pixel or two apart agree where they cover each other', async () => {
  const random = createRandom(1)
  const apart = () => 3 * (random() - 0.5)
  for (const crops of ['raw', 'jpeg'] as const) {
    const shifted = await changed(crops, (line) => {
      const box = rectangleOf(line.meta['box'])!
      const moved = {
        ...{ cx: box.cx + apart() / 2, cy: box.cy + apart() / 2, width: box.width + apart() / 2 },
        ...{ height: box.height + apart() / 2, angle: box.angle + apart() / 2 / box.width },
      }
      const { width, height, data } = cutCrop(picture, moved, { maxHeight: 48, maxWidth: 2400 })
      const corners = cornersOf(moved).map((p) => p.map((one) => Math.round(one * 10) / 10))
      const meta = { ...line.meta, width, height, box: corners }
      return { ...line, meta, bytes: data as Uint8Array }
    })
    assert.equal(faultOf(task, shifted), undefined)
    assert.ok(agrees(found.raw, shifted, other))
    assert.ok(agrees(found.jpeg, shifted, other))
  }
})

Deno.test('crops in a format that was not asked for are a fault, whatever they show', () => {
  for (const [asked, result] of [['raw', found.jpeg], ['jpeg', found.raw]] as const) {
    const sent = withLines(result, (line) => ({ ...line, asked }))
    assert.equal(faultOf(task, sent), 'a crop in a format that was not asked for')
    const first = withLines(found[asked], (line, i) => i === 0 ? linesOf(sent)[0]! : line)
    assert.equal(faultOf(task, first), 'a crop in a format that was not asked for')
  }
})

Deno.test('more than a message holds travels as JPEG though raw was asked for, and only that', async () => {
  const bytes = await codecs.encodeJpeg(picture, 60)
  const { width, height } = picture
  const box = [[0, 0], [width, 0], [width, height], [0, height]]
  const meta = { format: 'jpeg', width, height, box }
  const result = (count: number): ItemResult => ({
    ...{ ok: true, fields: { width, height, lines: count } },
    children: {
      recognise: Array.from({ length: count }, () => ({ meta, bytes, asked: 'raw' })),
    },
  })
  const whole = { ...task, crop: { maxHeight: 2000, maxWidth: 2000 } }
  assert.match(faultOf(whole, result(1)) ?? '', /not asked for/)
  assert.equal(faultOf(whole, result(3)), undefined)
})

Deno.test('a crop with one character changed does not agree, in any format', async () => {
  const random = createRandom(2)
  let tried = 0
  for (const crops of ['raw', 'jpeg'] as const) {
    for (const at of linesOf(found.raw).keys()) {
      for (let times = 0; times < 3; times++) {
        const line = retouched(linesOf(found.raw)[at]!, random)
        if (line === undefined) continue
        tried++
        const forged = await changed(crops, (_, i) => i === at ? line : undefined)
        assert.equal(faultOf(task, forged), undefined)
        for (const honest of Object.values(found)) {
          for (const tolerance of [same, other]) assert.ok(!agrees(honest, forged, tolerance))
        }
      }
    }
  }
  assert.ok(tried > 20, `${tried} tried`)
})

Deno.test("another line's crop does not agree, padded or not", async () => {
  const count = linesOf(found.jpeg).length
  const swapped = withLines(found.jpeg, (line, i) => {
    const { bytes } = linesOf(found.jpeg)[(i + 1) % count]!
    const padded = new Uint8Array(Math.max(bytes.length, line.bytes.length))
    padded.set(bytes)
    return { ...line, bytes: padded }
  })
  assert.ok(!agrees(found.jpeg, swapped, other))
  assert.ok(faultOf(task, swapped) !== undefined)
  // Of the right size, as a node would make them that takes pains.
  const drawn = await changed('jpeg', (line, i) => {
    const { width, height } = asPicture(line)
    const from = asPicture(linesOf(found.raw)[(i + 1) % count]!)
    const whole = { cx: from.width / 2, cy: from.height / 2, angle: 0 }
    const box = { ...whole, width: from.width, height: from.height }
    const { data } = cutCrop({ ...from }, box, { maxWidth: width, maxHeight: height })
    const bytes = new Uint8Array(3 * width * height)
    bytes.set(data.subarray(0, bytes.length))
    return { ...line, bytes }
  })
  assert.equal(faultOf(task, drawn), undefined)
  assert.ok(!agrees(found.jpeg, drawn, other))
  assert.ok(!agrees(found.raw, drawn, other))
})

Deno.test('a JPEG that costs more to decode than its pixels is a fault before it is decoded', () => {
  const fault = (change: (bytes: Uint8Array) => Uint8Array) =>
    faultOf(task, withLines(found.jpeg, (line) => ({ ...line, bytes: change(line.bytes) })))
  const at = (bytes: Uint8Array, marker: number) =>
    bytes.findIndex((one, i) => one === 0xff && bytes[i + 1] === marker)
  const scan = (bytes: Uint8Array) => bytes.slice(at(bytes, 0xda), -2)
  const end = [0xff, 0xd9]
  assert.equal(fault((bytes) => bytes), undefined)
  // Ten scans, each over all pixels.
  const scans = (bytes: Uint8Array) => new Array<number[]>(9).fill([...scan(bytes)]).flat()
  assert.match(
    fault((bytes) => Uint8Array.of(...bytes.slice(0, -2), ...scans(bytes), ...end)) ?? '',
    /scans/,
  )
  // Sixteen million pixels behind the size of a line.
  const large = (bytes: Uint8Array) => {
    const from = at(bytes, 0xc0)
    return bytes.with(from + 5, 16).with(from + 7, 16)
  }
  assert.match(fault(large) ?? '', /crop of .* pixels that is to have/)
  const progressive = (bytes: Uint8Array) => bytes.with(at(bytes, 0xc0) + 1, 0xc2)
  assert.match(fault(progressive) ?? '', /no node writes/)
  const sampled = (bytes: Uint8Array) => bytes.with(at(bytes, 0xc0) + 11, 0x44)
  assert.match(fault(sampled) ?? '', /no node writes/)
  for (const bytes of [[], [0xff, 0xd8], [0xff, 0xd8, 0xff, 0xda, 0, 2, ...end]]) {
    assert.ok(fault(() => Uint8Array.from(bytes)) !== undefined)
  }
  for (let length = 0; length < 700; length += 50) {
    assert.ok(fault((bytes) => bytes.slice(0, length)) !== undefined)
  }
})

Deno.test('a damaged JPEG agrees with nothing, and those after it are decoded all the same', async () => {
  const damaged = withLines(found.jpeg, (line) => {
    const from = line.bytes.findIndex((one, i) => one === 0xff && line.bytes[i + 1] === 0xc4)
    return { ...line, bytes: line.bytes.with(from + 6, 255).with(from + 7, 255) }
  })
  for (let times = 0; times < 50; times++) {
    assert.ok(!agrees(found.raw, damaged))
    // Another decoder is there by the next event.
    await new Promise((done) => setTimeout(done))
  }
  assert.ok(agrees(found.raw, found.jpeg))
})

Deno.test('of more crops than there is room for some are looked at, at random, one at the least', () => {
  const count = linesOf(found.raw).length
  const seen = new Set<number>()
  let decoded = 0
  for (let seed = 1; seed <= 40; seed++) {
    const look: Look = {
      random: createRandom(seed),
      pixels: 1,
      decodeJpeg(bytes) {
        decoded++
        seen.add(linesOf(found.jpeg).findIndex((line) => line.bytes === bytes))
        return decodeJpeg(bytes)
      },
    }
    assert.ok(agree(task, found.raw, found.jpeg, same, look))
  }
  assert.equal(decoded, 40)
  assert.ok(seen.size > count / 2, `${seen.size} of ${count}`)
  // What is the same to the byte need not be looked at.
  const none: Look = { ...lookOf(), decodeJpeg: () => assert.fail('it was decoded') }
  assert.ok(agree(task, found.jpeg, withLines(found.jpeg, (line) => ({ ...line })), same, none))
})
