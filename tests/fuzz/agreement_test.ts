/** Whatever two nodes send as results: they agree or not, and what is no result is named. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { loadLocalCodec } from '../../src/cli/serve/codec_assets.ts'
import { isShallow } from '../../src/protocol/messages.ts'
import { agree, faultOf } from '../../src/stages/agreement/agreement.ts'
import { createCropDecoder } from '../../src/stages/agreement/crop_decoder.ts'
import { toleranceOf } from '../../src/stages/agreement/tolerance.ts'
import { createCodecs, startJpegDecoder } from '../../src/stages/codecs.ts'
import type { ItemResult, JsonObject } from '../../src/stages/types.ts'
import { altered, anyJson, damaged, runs } from './fuzz.ts'

const box = [[1, 1], [9, 1], [9, 9], [1, 9]]
const thing = { kind: 'shoe', score: 0.8, box }
const GOOD: { [kind: string]: JsonObject } = {
  'image-classification': { label: 'shoe', text: 'shoe', confidence: 0.9 },
  'object-detection': { width: 30, height: 20, found: [thing, thing] },
  'text-detection': { width: 30, height: 20, lines: 1 },
  'text-recognition': { text: 'a line', confidence: 0.9 },
  tensors: {},
  'of-its-own': { text: 'a line', list: [1, 2.5, { a: 'b' }], box },
}
/** Objects that nothing can be made of, as a text or a number is asked for. */
const NOTHING: unknown[] = [{ toString: 1, valueOf: 1 }, { constructor: null }, [null]]
const anyValue = fc.oneof(anyJson, fc.constantFrom<unknown>(...NOTHING))
const META = { ...thing, format: 'rgb', width: 1, height: 1, tensors: [{ name: 'x' }] }

/** As a link lets it through. */
function recordOf(value: unknown): JsonObject {
  const json: unknown = JSON.parse(JSON.stringify(value ?? null))
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return {}
  return Object.fromEntries(Object.entries(json).filter(([, one]) => isShallow(one)))
}

const resultOf = (kind: string): fc.Arbitrary<ItemResult> =>
  fc.record({
    fields: fc.option(altered(GOOD[kind]).map(recordOf), { freq: 9 }),
    more: fc.dictionary(
      fc.constantFrom(...Object.keys(META), 'found', 'label', 'text', 'confidence'),
      anyValue,
    ),
    children: fc.dictionary(
      fc.constantFrom('read', 'constructor', 'toString'),
      fc.array(
        fc.record({
          meta: fc.tuple(
            altered(META),
            fc.dictionary(fc.constantFrom(...Object.keys(META)), anyValue),
          )
            .map(([meta, more]) => ({ ...recordOf(meta), ...recordOf(more) })),
          bytes: fc.uint8Array({ maxLength: 4 }) as fc.Arbitrary<Uint8Array<ArrayBuffer>>,
        }),
        { maxLength: 3 },
      ),
      { maxKeys: 1 },
    ),
  }).map(({ fields, more, children }) => ({
    ...{ ok: true, children: { ...children } },
    fields: fields && { ...fields, ...recordOf(more) },
  }))

Deno.test('agreement: any two results agree or not, and any one has a fault or none', () => {
  const pairs = fc.constantFrom(...Object.keys(GOOD)).chain((kind) =>
    fc.tuple(fc.constant(kind), resultOf(kind), resultOf(kind))
  )
  fc.assert(
    fc.property(pairs, ([kind, a, b]) => {
      for (const result of [a, b]) {
        assert.ok(['string', 'undefined'].includes(typeof faultOf({ kind }, result)))
      }
      const tolerance = toleranceOf('wasm', 'webgpu')
      for (const other of [a, b]) {
        assert.equal(typeof agree({ kind }, a, other, tolerance), 'boolean')
      }
    }),
    runs(0.3),
  )
})

Deno.test('agreement: a damaged crop agrees or not, and is a fault or none', async () => {
  const [width, height] = [40, 20]
  const pixels = Uint8Array.from({ length: 3 * width * height }, (_, i) => (i * 37) % 251)
  const codecs = createCodecs(loadLocalCodec)
  const jpeg = await codecs.encodeJpeg({ width, height, channels: 3, data: pixels }, 92)
  const module = await loadLocalCodec('jpeg_dec')
  const decodeJpeg = await createCropDecoder(() => startJpegDecoder(module))
  const page = (bytes: Uint8Array): ItemResult => ({
    ...{ ok: true, fields: { width, height, lines: 1 } },
    children: {
      read: [{
        meta: { format: 'jpeg', width, height, box: corners },
        ...{ bytes, asked: 'jpeg' },
      }],
    },
  })
  const corners = [[0, 0], [width, 0], [width, height], [0, height]]
  const task = { kind: 'text-detection' }
  const tolerance = toleranceOf('wasm', 'wasm')
  await fc.assert(
    fc.asyncProperty(damaged([jpeg]), async (bytes) => {
      const look = { decodeJpeg, random: () => 0, pixels: 1e6 }
      assert.ok(['string', 'undefined'].includes(typeof faultOf(task, page(bytes))))
      assert.equal(typeof agree(task, page(bytes), page(jpeg), tolerance, look), 'boolean')
      // Whatever it did to the decoder, another is there by the next event.
      await new Promise((done) => setTimeout(done))
      assert.ok(decodeJpeg(jpeg) !== undefined)
    }),
    runs(0.1),
  )
})
