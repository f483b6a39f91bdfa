/** When two nodes say the same of one item, and when not. */
import assert from 'node:assert/strict'
import { packTensors, TensorValue } from '../../src/pipeline/tensor_item.ts'
import { agree, faultOf } from '../../src/stages/agreement/agreement.ts'
import { toleranceOf } from '../../src/stages/agreement/tolerance.ts'
import type { ItemResult, JsonObject, StageItem } from '../../src/stages/types.ts'

const same = toleranceOf('wasm', 'wasm')
const other = toleranceOf('wasm', 'webgpu')
const coarse = toleranceOf('wasm', 'webgpu', 'fp16')

const line = (text: string, confidence = 0.9): ItemResult => ({
  ok: true,
  fields: { text, confidence },
  children: {},
})
const TEXT = 'the quick brown fox jumps over it'

function crop(left: number, shade: number, format = 'rgb'): StageItem {
  const [width, height] = [30, 10]
  const box = [[left, 5], [left + 90, 5], [left + 90, 35], [left, 35]]
  return {
    meta: { format, width, height, box },
    bytes: Uint8Array.from({ length: 3 * width * height }, (_, i) => (shade + i) % 200),
  }
}
const page = (
  items: StageItem[],
  fields: JsonObject = { width: 800, height: 600, lines: 2 },
): ItemResult => ({
  ok: true,
  fields,
  children: { recognise: items },
})

Deno.test('texts of one backend agree to the letter, of others nearly', () => {
  const agrees = (a: ItemResult, b: ItemResult, tolerance = same) =>
    agree({ kind: 'text-recognition' }, a, b, tolerance)
  assert.ok(agrees(line(TEXT), line(TEXT, 0.901)))
  assert.ok(!agrees(line(TEXT), line(TEXT.replace('fox', 'fax'))))
  assert.ok(agrees(line(TEXT), line(TEXT.replace('fox', 'fax')), other))
  assert.ok(!agrees(line(TEXT), line('something else altogether'), coarse))
  assert.ok(!agrees(line(TEXT, 0.9), line(TEXT, 0.83)))
  assert.ok(!agrees(line(TEXT, 0.9), line(TEXT, 0.85), other))
  assert.ok(agrees(line(TEXT, 0.9), line(TEXT, 0.85), coarse))
  const nothing: ItemResult = { ok: true, fields: null, children: {} }
  assert.ok(agrees(nothing, nothing))
  assert.ok(!agrees(nothing, line(TEXT)))
})

Deno.test('lines of a page agree by their boxes and pixels', () => {
  const agrees = (a: ItemResult, b: ItemResult, tolerance = same) =>
    agree({ kind: 'text-detection' }, a, b, tolerance)
  const truth = page([crop(10, 0), crop(200, 50)])
  assert.ok(agrees(truth, page([crop(10.2, 0), crop(200, 50)])))
  assert.ok(!agrees(truth, page([crop(19, 0), crop(209, 50)])))
  assert.ok(!agrees(truth, page([crop(10, 0)])))
  assert.ok(!agrees(truth, page([])))
  // The right places with other pixels.
  assert.ok(!agrees(truth, page([crop(10, 90), crop(200, 140)]), other))
  assert.ok(
    !agrees(truth, page([crop(10, 0), crop(200, 50)], { width: 801, height: 600, lines: 2 })),
  )
  const many = Array.from({ length: 12 }, (_, i) => crop(10 + 50 * i, i))
  assert.ok(!agrees(page(many), page(many.slice(1))))
  // One at a threshold may be found by one backend only.
  assert.ok(agrees(page(many), page(many.slice(1)), other))
})

Deno.test('a stage without rules of its own is compared field by field', () => {
  const said = (fields: JsonObject): ItemResult => ({ ok: true, fields, children: {} })
  const truth = said({ label: 'Sandal', index: 5, score: 0.7, box: [10, 20, 30, 41] })
  const agrees = (fields: JsonObject, tolerance = other) =>
    agree({ kind: 'of-its-own' }, truth, said(fields), tolerance)
  assert.ok(agrees({ label: 'Sandal', index: 5, score: 0.706, box: [11, 20, 30, 40] }))
  assert.ok(!agrees({ label: 'Sneaker', index: 7, score: 0.7, box: [10, 20, 30, 41] }))
  assert.ok(!agrees({ label: 'Sandal', index: 6, score: 0.7, box: [10, 20, 30, 41] }))
  assert.ok(!agrees({ label: 'Sandal', index: 5, score: 0.5, box: [10, 20, 30, 41] }))
  assert.ok(!agrees({ label: 'Sandal', index: 5, score: null, box: [10, 20, 30, 41] }))
  assert.ok(!agrees({ label: 'Sandal' }))
})

Deno.test('things of a picture agree by their kind, score and box', () => {
  const thing = (left: number, kind: string, score: number) => ({
    ...{ kind, score },
    box: [[left, 5], [left + 60, 5], [left + 60, 65], [left, 65]],
  })
  const said = (found: JsonObject[]): ItemResult => ({
    ok: true,
    fields: { width: 320, height: 240, found },
    children: {},
  })
  const agrees = (a: ItemResult, b: ItemResult, tolerance = same) =>
    agree({ kind: 'object-detection' }, a, b, tolerance)
  const truth = said([thing(10, 'shoe', 0.8), thing(100, 'tag', 0.7)])
  assert.ok(agrees(truth, said([thing(10.2, 'shoe', 0.801), thing(100, 'tag', 0.7)])))
  assert.ok(!agrees(truth, said([thing(10, 'bag', 0.8), thing(100, 'tag', 0.7)]), coarse))
  assert.ok(!agrees(truth, said([thing(10, 'shoe', 0.6), thing(100, 'tag', 0.7)]), coarse))
  assert.ok(!agrees(truth, said([thing(10, 'shoe', 0.8)]), other))
  assert.match(faultOf({ kind: 'object-detection' }, said([thing(400, 'shoe', 0.8)])) ?? '', /outside/)
  assert.match(faultOf({ kind: 'object-detection' }, said([thing(10, 'shoe', 1.8)])) ?? '', /score/)
})

Deno.test('labels that are spelt nearly alike are others', () => {
  const [label, other] = ['class_001', 'class_002']
  const named = (label: string): ItemResult => ({
    ...{ ok: true, fields: { label, confidence: 0.9 }, children: {} },
  })
  const agrees = (a: string, b: string) => agree({ kind: 'image-classification' }, named(a), named(b), coarse)
  assert.ok(agrees(label, label))
  assert.ok(!agrees(label, other))
  const handed = (kind: string) => page([{ ...crop(10, 0), meta: { ...crop(10, 0).meta, kind } }])
  assert.ok(agree({ kind: 'object-detection' }, handed(label), handed(label), coarse))
  assert.ok(!agree({ kind: 'object-detection' }, handed(label), handed(other), coarse))
})

Deno.test('what two nodes make up together is held against few others each', () => {
  const count = 200
  let looks = 0
  /** All at one place; each look at their pixels is counted. */
  const items = (shade: number) => {
    const { meta, bytes } = crop(10, 0)
    const pixels = bytes.map(() => shade)
    return Array.from({ length: count }, () => ({
      meta,
      get bytes() {
        looks++
        return pixels
      },
    }))
  }
  assert.ok(!agree({ kind: 'text-detection' }, page(items(0)), page(items(250)), coarse))
  // A pair takes some 3,000: sixteen pairs for each, not all with all.
  assert.ok(looks < 16 * count * 4000, `${looks} looks`)
})

Deno.test('of texts that differ a little no more are compared than results have', () => {
  const said = (count: number, last: string): ItemResult => ({
    ...{ ok: true, children: {} },
    fields: { list: Array.from({ length: count }, () => TEXT + last) },
  })
  const agrees = (a: ItemResult, b: ItemResult) => agree({ kind: 'of-its-own' }, a, b, other)
  assert.ok(agrees(said(200, 'a'), said(200, 'b')))
  assert.ok(!agrees(said(40_000, 'a'), said(40_000, 'b')))
  assert.ok(agrees(said(40_000, 'a'), said(40_000, 'a')))
})

Deno.test('lines in another order, with one more, agree by what they are', () => {
  const many = Array.from({ length: 40 }, (_, i) => crop(10 + 50 * i, i))
  const turned = [...many.slice(20), crop(5000, 7), ...many.slice(0, 20)]
  assert.ok(agree({ kind: 'text-detection' }, page(many), page(turned), other))
  assert.ok(agree({ kind: 'text-detection' }, page(turned), page(many), other))
  assert.ok(!agree({ kind: 'text-detection' }, page(many), page(turned), same))
})

Deno.test('a picture that one node calls bad is bad, or both were asked in vain', () => {
  const bad: ItemResult = { ok: false, reason: 'invalid_input', message: 'no picture' }
  assert.ok(agree({ kind: 'text-detection' }, bad, { ...bad, message: 'not one' }, same))
  assert.ok(!agree({ kind: 'text-detection' }, bad, page([crop(10, 0)]), coarse))
})

Deno.test('what no input leads to is a fault', () => {
  const fault = (result: ItemResult, kind = 'text-detection') => faultOf({ kind }, result)
  assert.equal(fault(page([crop(10, 0)])), undefined)
  assert.match(fault(page([crop(900, 0)])) ?? '', /outside/)
  assert.match(fault(page([{ ...crop(10, 0), bytes: new Uint8Array(5) }])) ?? '', /5 bytes/)
  const endless = crop(10, 0)
  endless.meta['box'] = Array.from({ length: 200_000 }, () => [1, 1])
  assert.match(fault(page([endless])) ?? '', /without a box/)
  const thing = { kind: 'shoe', score: 0.8, box: [[1, 1], [9, 9]] }
  const found = { width: 800, height: 600, found: Array<JsonObject>(5000).fill(thing) }
  assert.match(fault(page([], found), 'object-detection') ?? '', /more things/)
  const nan = crop(10, 0)
  nan.meta['box'] = [[null, null], [null, null]]
  assert.match(fault(page([nan])) ?? '', /without a box/)
  assert.equal(fault(line(TEXT), 'text-recognition'), undefined)
  assert.match(
    fault(
      { ok: true, fields: { text: 'a', confidence: null }, children: {} },
      'text-recognition',
    ) ?? '',
    /confidence/,
  )
  assert.match(fault(line(TEXT, 1.2), 'text-recognition') ?? '', /confidence/)
})

const scores = (values: number[], type: 'float32' | 'int64' = 'float32'): ItemResult => {
  const data = type === 'float32' ? Float32Array.from(values) : BigInt64Array.from(values, BigInt)
  const y = new TensorValue(type, [values.length], new Uint8Array(data.buffer))
  return { ok: true, fields: { y } as unknown as JsonObject, children: {} }
}

Deno.test("tensors agree by their elements, whose last bits are each backend's own", () => {
  const agrees = (a: ItemResult, b: ItemResult, tolerance = other) =>
    agree({ kind: 'tensors' }, a, b, tolerance)
  for (const tolerance of [same, other]) {
    assert.ok(agrees(scores([1, -200]), scores([1.000_000_1, -200.000_02]), tolerance))
    assert.ok(!agrees(scores([1, -200]), scores([-200, 1]), tolerance))
    assert.ok(!agrees(scores([1, 2]), scores([1, 2, 3]), tolerance))
    assert.ok(!agrees(scores([1, 2]), scores([1, 2], 'int64'), tolerance))
    assert.ok(!agrees(scores([5000], 'int64'), scores([5001], 'int64'), tolerance))
  }
  const y = { type: 'float32', dims: [1], bytes: { 0: 0, 1: 0, 2: 0x80, 3: 0x3f } }
  const likeOne: ItemResult = { ok: true, fields: { y }, children: {} }
  assert.ok(!agrees(scores([1]), likeOne))
  assert.ok(!agrees(likeOne, scores([1])))
  // One of twenty is at a threshold.
  const many = (last: number) => scores([...new Array<number>(19).fill(7), last], 'int64')
  assert.ok(agrees(many(0), many(1)))
  assert.ok(!agrees(many(0), many(1), same))
})

Deno.test('child items that are tensors agree by what is in them', () => {
  const handed = (values: number[]): ItemResult => {
    const data = Float32Array.from(values)
    const item = packTensors({ x: { type: 'float32', dims: [values.length], data } })
    return { ok: true, fields: {}, children: { next: [item as StageItem] } }
  }
  assert.ok(agree({ kind: 'tensors' }, handed([1, 2]), handed([1.000_000_1, 2]), other))
  assert.ok(!agree({ kind: 'tensors' }, handed([1, 2]), handed([2, 1]), other))
  assert.ok(!agree({ kind: 'tensors' }, handed([1, 2]), handed([1, 2, 3]), other))
})

Deno.test('results of other sizes, names or child tasks do not agree, however near', () => {
  const bad: ItemResult = { ok: false, reason: 'invalid_input', message: '' }
  const said = (fields: JsonObject | null, children: { [task: string]: StageItem[] } = {}) =>
    ({ ok: true, fields, children }) as ItemResult
  const differ = (kind: string, a: ItemResult, b: ItemResult) => {
    assert.ok(agree({ kind }, a, a, coarse) && agree({ kind }, b, b, coarse), kind)
    assert.ok(!agree({ kind }, a, b, coarse) && !agree({ kind }, b, a, coarse), kind)
  }
  const size = { width: 30, height: 20 }
  for (const kind of ['object-detection', 'text-detection']) {
    const list = kind === 'object-detection' ? { found: [] } : { lines: 0 }
    differ(kind, said({ ...size, ...list }), said({ ...size, width: 31, ...list }))
    differ(kind, said({ ...size, ...list }), said({ ...size, height: 21, ...list }))
  }
  differ('object-detection', said({ ...size, found: 0 }), said({ ...size, found: [] }))
  differ('text-recognition', bad, said({ text: '', confidence: 0 }))
  differ('tensors', said(null), said({}))
  differ('tensors', said({ a: 1 }), said({ b: 1 }))
  differ('x', said({}, { read: [] }), said({}))
  differ('x', said({}, { read: [] }), said({}, { constructor: [] }))
  differ('x', said({ a: [1, 'b'] }), said({ a: [1, 2] }))
  differ('x', said({ a: { b: 1 } }), said({ a: [1] }))
  differ('x', said({ a: 1 }), said({ a: '1' }))
})
