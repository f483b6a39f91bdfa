import assert from 'node:assert/strict'
import { openStudio } from '../../profiles/ocr/canvas.ts'
import { editDistance } from '../../profiles/ocr/score.ts'
import { layoutOf } from '../../src/documents/layout/layout.ts'
import type { Quad } from '../../src/documents/page.ts'
import { agree, faultOf } from '../../src/stages/agreement/agreement.ts'
import { toleranceOf } from '../../src/stages/agreement/tolerance.ts'
import { stages } from '../../src/stages/stages.ts'
import type { ItemResult, JsonObject, StageItem } from '../../src/stages/types.ts'
import { contextOf, detect, read, sample } from './ocr.ts'

const studio = await openStudio()

/** The sample page, turned clockwise. */
async function turned(degrees: 90 | 180 | 270) {
  if ('skip' in studio) throw new Error(studio.skip)
  const page = await studio.canvas.loadImage(await sample('page.jpg'))
  const isOnSide = degrees !== 180
  const width = isOnSide ? page.height : page.width
  const height = isOnSide ? page.width : page.height
  const canvas = studio.canvas.createCanvas(width, height)
  const ctx = canvas.getContext('2d')
  ctx.translate(width / 2, height / 2)
  ctx.rotate(degrees * Math.PI / 180)
  ctx.drawImage(page, -page.width / 2, -page.height / 2)
  return { width, height, bytes: new Uint8Array(await canvas.encode('jpeg', 90)) }
}

for (const degrees of [180, 270] as const) {
  Deno.test({
    name: `a page turned by ${degrees} degrees is read, and laid out as if it were upright`,
    ignore: 'skip' in studio,
    fn: async () => {
      const { width, height, bytes } = await turned(degrees)
      const lines = await read('image/jpeg', bytes, '736x960', 'h32w480')
      const { turn, blocks } = layoutOf(
        lines.map((line) => ({ ...line, box: line.box as Quad })),
        { width, height },
      )
      assert.equal(turn, 360 - degrees)
      const text = blocks.flatMap((block) => block.kind === 'text' ? block.lines : [])
        .map((line) => line.text).join('\n')
      const truth = new TextDecoder().decode(await sample('page.txt')).trim()
      assert.ok(editDistance(text, truth) <= 0.05 * truth.length, text)
    },
  })
}

Deno.test('an upright line is told of without a box: the one that was found stands', async () => {
  const found = await detect({ meta: { type: 'image/png' }, bytes: await sample('note.png') })
  assert.ok(found.ok)
  const items: StageItem[] = found.children['recognise']!
  const context = await contextOf('recognise', 'h24w384')
  for (const result of await stages['text-recognition']!.run(items, context)) {
    assert.ok(result.ok)
    assert.deepEqual(Object.keys(result.fields ?? {}), ['text', 'confidence'])
  }
})

Deno.test('the box of a line on its head has four corners, or its reading is refused', () => {
  const read = (box: unknown): ItemResult => ({
    ok: true,
    fields: { text: 'a', confidence: 0.9, box: box as number[][] },
    children: {},
  })
  const kind = { kind: 'text-recognition' }
  assert.equal(faultOf(kind, read([[9, 9], [0, 9], [0, 0], [9, 0]])), undefined)
  for (const box of [null, [[9, 9]], [[9, 9], [0, 9], [0, 0], [9, '0']], 'here']) {
    assert.equal(faultOf(kind, read(box)), 'a box that is none')
  }
})

Deno.test('two readings agree only where both say the same of the way up', () => {
  const read = (more: JsonObject): ItemResult => {
    return { ok: true, fields: { text: 'a', confidence: 0.9, ...more }, children: {} }
  }
  const corners = (x: number) => ({ box: [[x, 9], [0, 9], [0, 0], [x, 0]] })
  const agrees = (a: JsonObject, b: JsonObject) =>
    agree({ kind: 'text-recognition' }, read(a), read(b), toleranceOf('wasm', 'native'))
  assert.ok(agrees({}, {}))
  assert.ok(agrees(corners(90), corners(91)))
  assert.ok(!agrees(corners(90), corners(120)))
  assert.ok(!agrees(corners(90), {}))
})
