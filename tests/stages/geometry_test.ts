import assert from 'node:assert/strict'
import { cutCrop } from '../../src/stages/crop.ts'
import type { Picture } from '../../src/stages/types.ts'
import { boxOfCorners, cornersOf, type Point, sliceBox } from '../../src/stages/box.ts'
import { convexHull, minAreaRect, rectAtAngle } from '../../src/stages/min_area_rect.ts'
import { unclip } from '../../src/stages/unclip.ts'

const near = (actual: number, expected: number, tolerance = 1e-6) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not near ${expected}`)

Deno.test('convexHull() keeps corners and drops points inside and on edges', () => {
  const hull = convexHull([[0, 0], [4, 0], [4, 3], [0, 3], [2, 1], [2, 0], [0, 1]])
  assert.deepEqual(hull.toSorted(), [[0, 0], [0, 3], [4, 0], [4, 3]])
})

Deno.test('minAreaRect() finds the size and direction of a turned rectangle', () => {
  for (const degrees of [-40, -8, 0, 3, 30]) {
    const angle = degrees * Math.PI / 180
    const points = cornersOf({ cx: 50, cy: 40, width: 30, height: 8, angle })
    const rect = minAreaRect(convexHull(points))
    near(rect.cx, 50)
    near(rect.cy, 40)
    near(rect.width, 30)
    near(rect.height, 8)
    near(rect.angle, angle)
  }
})

Deno.test('minAreaRect() beats the upright rectangle on a diamond', () => {
  const rect = minAreaRect(convexHull([[0, 5], [5, 0], [10, 5], [5, 10]]))
  near(rect.width * rect.height, 50)
})

Deno.test('minAreaRect() takes a tall narrow shape for text that runs downwards', () => {
  const rect = minAreaRect(convexHull([[10, 0], [20, 0], [20, 80], [10, 80]]))
  near(rect.width, 80)
  near(rect.height, 10)
  near(rect.angle, Math.PI / 2)
  // The first letter is at the top; its top faces right.
  const [first] = cornersOf(rect)
  near(first[0], 20)
  near(first[1], 0)
})

Deno.test('minAreaRect() encloses a single point and a straight line', () => {
  assert.equal(minAreaRect(convexHull([[3, 4]])).width, 0)
  const line = minAreaRect(convexHull([[0, 0], [6, 0]]))
  near(line.width, 6)
  near(line.height, 0)
})

Deno.test('rectAtAngle() encloses points along the direction asked for', () => {
  const points: Point[] = [[0, 0], [10, 0], [10, 2], [0, 2]]
  const rect = rectAtAngle(points, Math.PI / 2)
  near(rect.width, 2)
  near(rect.height, 10)
})

Deno.test('unclip() grows a box by area x ratio / perimeter on every side', () => {
  const grown = unclip({ cx: 0, cy: 0, width: 40, height: 10, angle: 0.1 }, 1.6)
  // 400 x 1.6 / 100 = 6.4
  near(grown.width, 52.8)
  near(grown.height, 22.8)
  assert.equal(grown.angle, 0.1)
})

Deno.test('boxOfCorners() is the inverse of cornersOf()', () => {
  const box = { cx: 12, cy: 7, width: 20, height: 4, angle: -0.3 }
  const back = boxOfCorners(cornersOf(box))
  for (const key of ['cx', 'cy', 'width', 'height', 'angle'] as const) near(back[key], box[key])
})

Deno.test('sliceBox() cuts along the text', () => {
  const right = sliceBox({ cx: 0, cy: 0, width: 10, height: 2, angle: Math.PI / 2 }, 6, 10)
  near(right.width, 4)
  near(right.cx, 0)
  near(right.cy, 3)
})

Deno.test('a crop that is not turned has the pixels of one that is turned by next to nothing', () => {
  const [width, height] = [97, 61]
  const data = Uint8Array.from({ length: width * height * 4 }, (_, i) => (i * 7919) % 251)
  const source: Picture = { width, height, channels: 4, data }
  for (
    const [cx, cy, w, h] of [[40, 30, 31, 22], [3, 2, 40, 30], [96, 60, 9, 50], [50, 30, 97, 61]]
  ) {
    const box = { cx: cx! + 0.3, cy: cy! - 0.2, width: w!, height: h!, angle: 0 }
    for (const limits of [{ maxHeight: 20, maxWidth: 90 }, { maxHeight: 64, maxWidth: 17 }]) {
      const turned = cutCrop(source, { ...box, angle: Number.MIN_VALUE }, limits)
      assert.deepEqual(cutCrop(source, box, limits), turned)
    }
  }
})
