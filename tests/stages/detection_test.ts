import assert from 'node:assert/strict'
import { components } from '../../src/stages/components.ts'
import { boxScore } from '../../src/stages/box_score.ts'
import { fit, inputShapes } from '../../src/stages/input_shape.ts'
import { faultOf } from '../../src/stages/agreement/agreement.ts'
import { stages } from '../../src/stages/stages.ts'
import type { Model, StageItem } from '../../src/stages/types.ts'
import type { Point } from '../../src/stages/box.ts'
import { codecs, pipeline } from './ocr.ts'

Deno.test('components() joins over corners and tells regions apart', () => {
  const map = Float32Array.from([
    [1, 0, 0, 0, 1],
    [0, 1, 0, 0, 1],
    [1, 0, 0, 0, 1],
    [0, 0, 1, 0, 0],
  ].flat())
  const found = components(map, 5, 4, 0.3)
  assert.deepEqual(found.map((c) => c.pixels), [3, 3, 1])
  assert.deepEqual(found[0]!.left, [0, 1, 0])
})

Deno.test('components() joins arms that meet only further down', () => {
  const map = Float32Array.from([
    [1, 0, 1, 0, 1],
    [1, 0, 1, 0, 1],
    [1, 1, 1, 1, 1],
  ].flat())
  assert.deepEqual(components(map, 5, 3, 0.3).map((c) => c.pixels), [11])
})

Deno.test('boxScore() is the mean inside the box', () => {
  const map = new Float32Array(100)
  for (let y = 2; y < 6; y++) map.fill(0.8, y * 10 + 3, y * 10 + 7)
  const inside = { cx: 5, cy: 4, width: 4, height: 4, angle: 0 }
  assert.ok(Math.abs(boxScore(map, 10, 10, inside) - 0.8) < 1e-6)
  assert.ok(Math.abs(boxScore(map, 10, 10, { ...inside, width: 8 }) - 0.4) < 1e-6)
})

Deno.test('inputShapes() offers few shapes of about one area, the main one first', () => {
  for (const main of [{ width: 960, height: 736 }, { width: 320, height: 256 }]) {
    const shapes = inputShapes(main)
    assert.deepEqual(shapes[0], main)
    assert.ok(shapes.length <= 7)
    for (const { width, height } of shapes) {
      assert.equal(width % 32 + height % 32, 0)
      const share = width * height / (main.width * main.height)
      assert.ok(share > 0.7 && share < 1.03, `${width}x${height} is ${share} of the budget`)
    }
  }
})

Deno.test('fit() gives each picture the shape that shows it largest', () => {
  const shapes = inputShapes({ width: 960, height: 736 })
  assert.deepEqual(fit({ width: 1600, height: 1200 }, shapes, 2).shape, shapes[0])
  assert.deepEqual(fit({ width: 1200, height: 1600 }, shapes, 2).shape, shapes[1])
  const wide = fit({ width: 4000, height: 1000 }, shapes, 2)
  assert.ok(wide.shape.width > 3 * wide.shape.height)
  assert.equal(fit({ width: 1, height: 1 }, shapes, 2).scale, 2)
  const sliver = fit({ width: 10000, height: 2 }, shapes, 2)
  assert.equal(sliver.height, 1)
})

/** Finds dark pixels: what a detector would say of a black bar. Shrinks nothing. */
const darkness: Model = {
  inputNames: ['x'],
  outputNames: ['y'],
  run: ({ x }) => {
    const [, , height, width] = x!.dims as [number, number, number, number]
    const data = (x!.data as Float32Array).slice(0, width * height)
    // Zero is both mid-grey and padding: neither is dark.
    return Promise.resolve({
      y: {
        type: 'float32',
        dims: [1, 1, height, width],
        data: data.map((v) => v < -0.9 ? 1 : 0),
      },
    })
  },
}

const barAt = { left: 200, top: 100, width: 300, height: 40 }

function bar(width: number, height: number): StageItem {
  const bytes = new Uint8Array(width * height * 3).fill(255)
  for (let y = barAt.top; y < barAt.top + barAt.height; y++) {
    const start = (y * width + barAt.left) * 3
    bytes.fill(0, start, start + barAt.width * 3)
  }
  return { meta: { format: 'rgb', width, height }, bytes }
}

Deno.test('text-detection maps boxes back to the picture whatever its shape', async () => {
  const task = pipeline.tasks['detect']!
  for (const variant of ['736x960', '256x320']) {
    for (const [width, height] of [[1280, 960], [900, 1200], [2000, 500], [600, 2400]] as const) {
      const [result] = await stages['text-detection']!.run([bar(width, height)], {
        task,
        variant: task.variants[variant]!,
        next: ['recognise'],
        model: darkness,
        codecs,
        crops: 'raw',
      })
      assert.ok(result!.ok)
      const [line, ...rest] = result!.children['recognise']!
      assert.equal(rest.length, 0)
      // Unclipping adds area x 1.6 / perimeter = 28 px a side.
      const grown = 28
      const expected: Point[] = [
        [barAt.left - grown, barAt.top - grown],
        [barAt.left + barAt.width + grown, barAt.top - grown],
        [barAt.left + barAt.width + grown, barAt.top + barAt.height + grown],
        [barAt.left - grown, barAt.top + barAt.height + grown],
      ]
      const perPixel = Math.max(width, height) / (variant === '736x960' ? 600 : 200)
      const box = line!.meta['box'] as Point[]
      expected.forEach(([x, y], i) => {
        const [bx, by] = box[i]!
        assert.ok(
          Math.hypot(bx - x, by - y) < 4 * perPixel,
          `${variant} ${width}x${height}: corner ${i} is ${bx},${by}, not ${x},${y}`,
        )
      })
      assert.equal(line!.meta['height'], 48)
      assert.equal(line!.bytes.length, 48 * Number(line!.meta['width']) * 3)
    }
  }
})

Deno.test('text-detection hands on nothing that a model sees beside the picture', async () => {
  const task = pipeline.tasks['detect']!
  // Both in the picture, at the top left, and in what the shape is filled up with.
  const everywhere: Model = {
    ...darkness,
    run: ({ x }) => {
      const [, , height, width] = x!.dims as [number, number, number, number]
      const data = new Float32Array(width * height)
      for (const [left, top] of [[8, 8], [width - 88, height - 28]] as const) {
        for (let y = top; y < top + 20; y++) data.fill(1, y * width + left, y * width + left + 80)
      }
      return Promise.resolve({ y: { type: 'float32', dims: [1, 1, height, width], data } })
    },
  }
  const small = {
    meta: { format: 'rgb', width: 120, height: 90 },
    bytes: new Uint8Array(3 * 120 * 90).fill(255),
  }
  const [result] = await stages['text-detection']!.run([small], {
    ...{ task, variant: task.variants['480x640']!, next: ['recognise'], model: everywhere, codecs },
    crops: 'raw',
  })
  assert.ok(result!.ok)
  assert.equal(result!.children['recognise']!.length, 1)
  assert.equal(faultOf({ kind: 'text-detection' }, result!), undefined)
})

Deno.test('text-detection hands JPEG crops on where asked to', async () => {
  const task = pipeline.tasks['detect']!
  const [result] = await stages['text-detection']!.run([bar(1280, 960)], {
    task,
    variant: task.variants['480x640']!,
    next: ['recognise'],
    model: darkness,
    codecs,
    crops: 'jpeg',
  })
  assert.ok(result!.ok)
  const line = result!.children['recognise']![0]!
  assert.equal(line.meta['format'], 'jpeg')
  const picture = await codecs.decode('image/jpeg', line.bytes)
  assert.equal(picture.width, line.meta['width'])
  assert.equal(picture.height, line.meta['height'])
})

Deno.test('a line centred on the edge of the picture is none, as nodes are judged', async () => {
  // The picture fills the left half of a square, and the text reaches as far beyond it.
  const [side, from, to] = [64, 15, 49]
  const map = Float32Array.from(
    { length: side * side },
    (_, i) => i % side >= from && i % side < to && i >= 17 * side && i < 47 * side ? 0.9 : 0,
  )
  const model: Model = {
    ...{ inputNames: ['x'], outputNames: ['y'] },
    run: () => Promise.resolve({ y: { type: 'float32', dims: [1, 1, side, side], data: map } }),
  }
  const variant = { accuracy: 1, input: { height: side, width: side } }
  const task = { kind: 'text-detection', next: ['read'], variants: { only: variant } }
  const bytes = new Uint8Array(3 * side * side / 2)
  const [result] = await stages['text-detection']!.run(
    [{ meta: { format: 'rgb', width: side / 2, height: side }, bytes }],
    { task, variant, next: task.next, model, codecs, crops: 'raw' },
  )
  assert.ok(result!.ok)
  assert.equal(faultOf({ kind: 'text-detection' }, result!), undefined)
})
