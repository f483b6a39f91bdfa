/** From a detector's map to boxes of lines. */
import assert from 'node:assert/strict'
import { textBoxes } from '../../src/stages/text_boxes.ts'

const [WIDTH, HEIGHT] = [320, 320]
/** Pieces of a row, with gaps of one line height between their boxes. */
const PIECES = [[20, 80], [124, 184], [228, 288]] as const
const THICK = 12
const STEP = 50

/** What a detector makes of so many rows: text is found narrower than it is. */
function boxesOf(rows: number) {
  const map = new Float32Array(WIDTH * HEIGHT)
  for (let row = 0; row < rows; row++) {
    for (const [from, to] of PIECES) {
      for (let y = 20 + row * STEP; y < 20 + row * STEP + THICK; y++) {
        map.fill(0.9, y * WIDTH + from, y * WIDTH + to)
      }
    }
  }
  return textBoxes(map, WIDTH, HEIGHT)
}

Deno.test('pieces of one line are one box', () => {
  assert.equal(boxesOf(1).length, 1)
  assert.equal(boxesOf(2).length, 2)
})

Deno.test('cells of a table are a box each, though they are as close as pieces of a line may be', () => {
  const boxes = boxesOf(5)
  assert.equal(boxes.length, 15)
  assert.ok(boxes.every(({ width }) => width < 100))
})
