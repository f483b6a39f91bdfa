/** What detectors give, in each of the forms that are read, and which boxes stay. */
import { deepEqual, throws } from 'node:assert/strict'
import { type BoxFormat, readBoxes, suppress } from '../../src/stages/boxes.ts'
import type { Tensor } from '../../src/stages/types.ts'

const tensor = (dims: number[], data: number[]): Tensor => {
  return { type: 'float32', dims, data: new Float32Array(data) }
}

/** Two pictures: on the first a thing of class 1 at 10..30 x 20..60, on the second none. */
const given: { [format in BoxFormat]: Tensor[] } = {
  // Rows of centre x, centre y, width, height, two scores; two boxes each.
  'yolo': [tensor([2, 6, 2], [
    ...[20, 5, 40, 5, 20, 4, 40, 4, 0.125, 0, 0.75, 0.125],
    ...[5, 5, 5, 5, 4, 4, 4, 4, 0, 0, 0, 0.25],
  ])],
  'yolo-objectness': [tensor([2, 2, 7], [
    ...[20, 40, 20, 40, 0.75, 0.125, 1, 5, 5, 4, 4, 0.75, 0.25, 0.125],
    ...[5, 5, 4, 4, 0, 1, 1, 5, 5, 4, 4, 0.25, 1, 0],
  ])],
  'corners': [tensor([2, 2, 6], [
    ...[10, 20, 30, 60, 0.75, 1, 3, 3, 7, 7, 0.25, 0],
    ...[3, 3, 7, 7, 0, 0, 3, 3, 7, 7, 0.75, 2],
  ])],
  'boxes-scores': [
    tensor([2, 2, 4], [...[10, 20, 30, 60, 3, 3, 7, 7], ...[3, 3, 7, 7, 3, 3, 7, 7]]),
    tensor([2, 2, 2], [0, 0.75, 0.25, 0.125, 0, 0, 0.25, 0]),
  ],
  'detr': [
    tensor([2, 2, 2], [-9, Math.log(3), -2, -1, -9, -9, -9, -1]),
    tensor([2, 2, 4], [...[20, 40, 20, 40, 5, 5, 4, 4], ...[5, 5, 4, 4, 5, 5, 4, 4]]),
  ],
}

const thing = { x0: 10, y0: 20, x1: 30, y1: 60, score: 0.75, kind: 1 }

for (const [format, outputs] of Object.entries(given) as [BoxFormat, Tensor[]][]) {
  Deno.test(`readBoxes() reads ${format}`, () => {
    const found = readBoxes(outputs, 2, { format, classes: 2, threshold: 0.5 })
    // Of logits the score is off by what single precision leaves.
    const rounded = found.map((own) => own.map((one) => ({ ...one, score: +one.score.toFixed(6) })))
    deepEqual(rounded, [[thing], []])
  })

  Deno.test(`readBoxes() says what it expected of ${format} and what it found`, () => {
    const reading = { format, classes: 4, threshold: 0.5 }
    const last = outputs.at(format === 'detr' ? 0 : -1)!
    const found = new RegExp(`expected .*float32 \\[2, .*found .*\\[${last.dims.join(', ')}\\]`)
    if (format !== 'corners') throws(() => readBoxes(outputs, 2, reading), found)
    throws(() => readBoxes([], 2, reading), TypeError)
    throws(() => readBoxes(outputs, 1, { ...reading, classes: 2 }), TypeError)
  })
}

Deno.test('readBoxes() weighs classes against nothing where a detr has one for it', () => {
  const logits = tensor([1, 2, 3], [...[0, Math.log(6), 0], ...[2, 3, 4]])
  const boxes = tensor([1, 2, 4], [20, 40, 20, 40, 5, 5, 4, 4])
  const [found] = readBoxes([logits, boxes], 1, { format: 'detr', classes: 2, threshold: 0.5 })
  deepEqual(found!.map((one) => ({ ...one, score: +one.score.toFixed(6) })), [thing])
})

Deno.test('suppress() keeps the best of boxes on each other, and neighbours', () => {
  const at = (x: number, score: number, kind = 0) => {
    return { x0: x, y0: 0, x1: x + 10, y1: 10, score, kind }
  }
  const [low, high, beside, other] = [at(1, 0.5), at(0, 0.9), at(9, 0.4), at(1, 0.6, 1)]
  const options = { overlap: 0.5, apart: false, most: 10 }
  deepEqual(suppress([low, high, beside, other], options), [high, beside])
  deepEqual(suppress([low, high, beside, other], { ...options, apart: true }), [
    high,
    other,
    beside,
  ])
  deepEqual(suppress([low, high, beside], { ...options, most: 1 }), [high])
})
