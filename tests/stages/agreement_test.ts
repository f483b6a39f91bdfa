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
  const box = [[left, 5], [left + 30, 5], [left + 30, 15], [left, 15]]
  return {
    meta: { format, width, height, box },
    bytes: Uint8Array.from({ length: 3 * width * height }, (_, i) => (shade + i) % 200),
  }
}
const page = (
  items: StageItem[],
  fields: JsonObject = { width: 800, height: 600, lines: items.length },
): ItemResult => ({
  ok: true,
  fields,
  children: { recognise: items },
})

Deno.test('texts agree to the letter, of half precision nearly, and never in a number', () => {
  const agrees = (a: ItemResult, b: ItemResult, tolerance = same) =>
    agree({ kind: 'text-recognition' }, a, b, tolerance)
  assert.ok(agrees(line(TEXT), line(TEXT, 0.901)))
  assert.ok(!agrees(line(TEXT), line(TEXT.replace('fox', 'fax'))))
  // The same sums in another order have never made another letter.
  assert.ok(!agrees(line(TEXT), line(TEXT.replace('fox', 'fax')), other))
  assert.ok(agrees(line(TEXT), line(TEXT.replace('fox', 'fax')), coarse))
  assert.ok(!agrees(line(TEXT), line(TEXT.replace('brown fox', 'green cat')), coarse))
  for (const tolerance of [same, other, coarse]) {
    assert.ok(!agrees(line('1000.00'), line('9000.00'), tolerance))
    const sum = (amount: string) => line(`${TEXT} ${TEXT} ${amount} in all`)
    assert.ok(!agrees(sum('1,000.00'), sum('9,000.00'), tolerance))
    assert.ok(!agrees(sum('1,000.00'), sum('1.000,00'), tolerance))
    assert.ok(!agrees(sum('1,000.00'), sum('-1,000.00'), tolerance))
    assert.ok(!agrees(line('yes'), line('no'), tolerance))
    // All of a long text counts, not its beginning.
    const long = TEXT.repeat(40)
    assert.ok(!agrees(line(`${long} and so on and on`), line(`${long} something else`), tolerance))
  }
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
  assert.ok(agrees(truth, page([crop(10, 0), crop(200, 50)])))
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
  assert.ok(!agrees(page(many), page(many.slice(1)), other))
  const moved = many.map((one, i) => i < 2 ? crop(10 + 50 * i + 20, i) : one)
  assert.ok(!agrees(page(many), page(moved), coarse))
  // A place far from the edge is as exact as one near it.
  const far = (left: number) => page([crop(left, 0)], { width: 5000, height: 600, lines: 1 })
  assert.ok(!agrees(far(4900), far(4912), other))
})

Deno.test('a stage without rules of its own is compared field by field', () => {
  const said = (fields: JsonObject): ItemResult => ({ ok: true, fields, children: {} })
  const truth = said({ label: 'Sandal', index: 5, score: 0.7, box: [10, 20, 30, 41] })
  const agrees = (fields: JsonObject, tolerance = other) =>
    agree({ kind: 'of-its-own' }, truth, said(fields), tolerance)
  assert.ok(agrees({ label: 'Sandal', index: 5, score: 0.706, box: [11, 20, 30, 40] }))
  const lists = (a: number[], b: number[], tolerance = other) =>
    agree({ kind: 'of-its-own' }, said({ list: a }), said({ list: b }), tolerance)
  assert.ok(lists([0.5, 0.25], [0.501, 0.251]))
  assert.ok(!lists([0.9, 0.1], [0.1, 0.9]))
  assert.ok(!lists([17, 5], [18, 5], coarse))
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
  assert.match(
    faultOf({ kind: 'object-detection' }, said([thing(400, 'shoe', 0.8)])) ?? '',
    /outside/,
  )
  assert.match(faultOf({ kind: 'object-detection' }, said([thing(10, 'shoe', 1.8)])) ?? '', /score/)
})

Deno.test('labels that are spelt nearly alike are others', () => {
  const [label, other] = ['class_001', 'class_002']
  const named = (label: string): ItemResult => ({
    ...{ ok: true, fields: { label, confidence: 0.9 }, children: {} },
  })
  const agrees = (a: string, b: string) =>
    agree({ kind: 'image-classification' }, named(a), named(b), coarse)
  assert.ok(agrees(label, label))
  assert.ok(!agrees(label, other))
  const handed = (kind: string) => page([{ ...crop(10, 0), meta: { ...crop(10, 0).meta, kind } }])
  assert.ok(agree({ kind: 'object-detection' }, handed(label), handed(label), coarse))
  assert.ok(!agree({ kind: 'object-detection' }, handed(label), handed(other), coarse))
})

Deno.test('an item that is only handed on is the same to the byte', () => {
  const handed = (item: StageItem): ItemResult => ({
    ...{ ok: true, fields: { label: 'a', confidence: 1 }, children: { look: [item] } },
  })
  const agrees = (a: StageItem, b: StageItem) =>
    agree({ kind: 'image-classification' }, handed(a), handed(b), coarse)
  const item = crop(10, 0)
  assert.ok(agrees(item, { ...item, bytes: item.bytes.slice() }))
  assert.ok(!agrees(item, { ...item, bytes: item.bytes.with(7, item.bytes[7]! + 1) }))
  assert.ok(!agrees(item, { ...item, meta: { ...item.meta, format: 'jpeg' } }))
  // Of bytes of a program's own nothing else is known.
  const own = (bytes: number[]) => ({ meta: {}, bytes: Uint8Array.from(bytes) })
  const said = (bytes: number[]): ItemResult => ({
    ...{ ok: true, fields: {}, children: { look: [own(bytes)] } },
  })
  assert.ok(agree({ kind: 'code' }, said([1, 2]), said([1, 2]), coarse))
  assert.ok(!agree({ kind: 'code' }, said([1, 2]), said([1, 3]), coarse))
})

Deno.test('of texts that differ a little no more are compared than results have', () => {
  const said = (count: number, last: string): ItemResult => ({
    ...{ ok: true, children: {} },
    fields: { list: Array.from({ length: count }, () => TEXT + last) },
  })
  const agrees = (a: ItemResult, b: ItemResult) => agree({ kind: 'of-its-own' }, a, b, coarse)
  assert.ok(agrees(said(200, 'a'), said(200, 'b')))
  assert.ok(!agrees(said(40_000, 'a'), said(40_000, 'b')))
  assert.ok(agrees(said(40_000, 'a'), said(40_000, 'a')))
})

Deno.test('lines in another order are another answer', () => {
  const many = Array.from({ length: 12 }, (_, i) => crop(10 + 50 * i, i))
  const turned = [...many.slice(6), ...many.slice(0, 6)]
  for (const tolerance of [same, other, coarse]) {
    assert.ok(!agree({ kind: 'text-detection' }, page(many), page(turned), tolerance))
  }
})

Deno.test('a picture that one node calls bad is bad, or both were asked in vain', () => {
  const bad: ItemResult = { ok: false, reason: 'invalid_input', message: 'no picture' }
  assert.ok(agree({ kind: 'text-detection' }, bad, { ...bad }, same))
  // Both are told to whoever asked.
  assert.ok(!agree({ kind: 'text-detection' }, bad, { ...bad, message: 'come to x.org' }, same))
  assert.ok(!agree({ kind: 'text-detection' }, bad, { ...bad, reason: 'too_large' }, same))
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
  const thing = { kind: 'shoe', score: 0.8, box: [[1, 1], [9, 1], [9, 9], [1, 9]] }
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

Deno.test('a text has no letter but those of the alphabet, which is ASCII where none is named', () => {
  const fault = (text: string, alphabet?: string) =>
    faultOf({ kind: 'text-recognition', ...alphabet === undefined ? {} : { alphabet } }, line(text))
  assert.equal(fault('Gruss ~'), undefined)
  assert.match(fault('Gruß') ?? '', /letters that no model reads/)
  assert.match(fault('a\nb') ?? '', /letters that no model reads/)
  assert.equal(fault('Gruß', ' Grußé'), undefined)
  assert.match(fault('Gruss', ' Grußé') ?? '', /letters that no model reads/)
  // Pieces of a long line are joined by a space.
  assert.equal(fault('12 34', '1234'), undefined)
  assert.equal(fault('𝛼', 'a𝛼'), undefined)
  // One half of a character of two code units.
  assert.match(fault('\ud835', 'a𝛼') ?? '', /letters that no model reads/)
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
  const many = (count: number, last: number) =>
    scores([...new Array<number>(count - 1).fill(7), last], 'int64')
  // One of a hundred may be at a threshold; one of twenty, the answer.
  assert.ok(agrees(many(100, 0), many(100, 1)))
  assert.ok(!agrees(many(20, 0), many(20, 1)))
  assert.ok(!agrees(many(100, 0), many(100, 1), same))
  // One score of a thousand made the largest, and a vector of small numbers turned.
  const flat = new Array<number>(1000).fill(0.001)
  assert.ok(!agrees(scores(flat), scores(flat.with(7, 0.9))))
  assert.ok(!agrees(scores(flat), scores(flat.map((one, i) => i % 2 === 0 ? one : -one))))
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
