import assert from 'node:assert/strict'
import type { TextBox } from '../../src/stages/box.ts'
import type { Picture } from '../../src/stages/types.ts'
import { linePieces } from '../../src/stages/line_pieces.ts'
import { inkedStretches, mergeRuns } from '../../src/stages/visual_runs.ts'

const word = (x: number, y: number, width: number, height = 20, angle = 0): TextBox => {
  return { cx: x + width / 2, cy: y, width, height, angle }
}

Deno.test('mergeRuns() joins pieces of a line with a gap below 1.5 line heights', () => {
  const [merged, ...rest] = mergeRuns([word(0, 0, 100), word(125, 1, 80)])
  assert.equal(rest.length, 0)
  assert.ok(merged!.width >= 204 && merged!.width < 208)
  assert.ok(merged!.height <= 23)
})

Deno.test('mergeRuns() leaves gaps wider than 1.5 line heights', () => {
  assert.equal(mergeRuns([word(0, 0, 100), word(135, 0, 80)]).length, 2)
})

Deno.test('mergeRuns() leaves other rows and other sizes', () => {
  assert.equal(mergeRuns([word(0, 0, 100), word(0, 24, 100)]).length, 2)
  assert.equal(mergeRuns([word(0, 0, 100), word(110, 12, 100)]).length, 2)
  assert.equal(mergeRuns([word(0, 0, 100, 20), word(110, 0, 100, 50)]).length, 2)
})

Deno.test('mergeRuns() joins along a turned line', () => {
  const angle = 8 * Math.PI / 180
  const at = (u: number) => ({
    cx: u * Math.cos(angle),
    cy: u * Math.sin(angle),
    width: 100,
    height: 20,
    angle,
  })
  const merged = mergeRuns([at(50), at(170), at(290)])
  assert.equal(merged.length, 1)
  assert.ok(Math.abs(merged[0]!.width - 340) < 3)
  assert.ok(Math.abs(merged[0]!.angle - angle) < 0.01)
})

/** A white crop with black bars at the given columns, 3 px apart within a word. */
function crop(
  width: number,
  height: number,
  words: readonly [from: number, to: number][],
): Picture {
  const data = new Uint8Array(width * height * 3).fill(240)
  for (const [from, to] of words) {
    for (let y = 4; y < height - 4; y++) {
      for (let x = from; x < to; x++) {
        if (x % 6 < 3) data.fill(20, (y * width + x) * 3, (y * width + x) * 3 + 3)
      }
    }
  }
  return { width, height, channels: 3, data }
}

Deno.test('inkedStretches() splits at a gap wider than 1.5 line heights', () => {
  const stretches = inkedStretches(crop(400, 24, [[6, 150], [234, 390]]), 24)
  assert.equal(stretches.length, 2)
  const [[a, b], [c, d]] = stretches as [[number, number], [number, number]]
  assert.ok(a <= 6 && b >= 147 && b < 160 && c > 225 && c <= 235 && d >= 387)
})

Deno.test('inkedStretches() keeps narrower gaps, plain crops and noise whole', () => {
  assert.deepEqual(inkedStretches(crop(400, 24, [[6, 150], [180, 390]]), 24), [[0, 400]])
  assert.deepEqual(inkedStretches(crop(400, 24, []), 24), [[0, 400]])
  const noisy = crop(400, 24, [])
  noisy.data.forEach((_, i) => noisy.data[i] = 200 + (i * 2654435761 >>> 27) % 20)
  assert.deepEqual(inkedStretches(noisy, 24), [[0, 400]])
})

Deno.test('linePieces() keeps short lines whole and cuts long ones between words', () => {
  const words: [number, number][] = []
  for (let x = 12; x < 1180; x += 120) words.push([x, x + 96])
  const long = crop(1200, 32, words)
  assert.deepEqual(linePieces(crop(300, 32, [[6, 290]]), 10), [[0, 300]])
  const pieces = linePieces(long, 10)
  assert.ok(pieces.length >= 4)
  assert.equal(pieces[0]![0], 0)
  assert.equal(pieces.at(-1)![1], 1200)
  pieces.slice(1).forEach(([from], i) => {
    assert.equal(from, pieces[i]![1])
    assert.ok(words.every(([a, b]) => from <= a || from >= b), `${from} cuts a word`)
  })
})

Deno.test('linePieces() makes no thousands of what is as long as a picture and as thin as a thread', () => {
  const pieces = linePieces(crop(10_000, 1, []), 5)
  assert.ok(pieces.length <= 64, `${pieces.length} pieces`)
  assert.deepEqual([pieces[0]![0], pieces.at(-1)![1]], [0, 10_000])
  for (const [from, to] of pieces) assert.ok(to > from)
})
