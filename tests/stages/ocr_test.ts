import assert from 'node:assert/strict'
import { openStudio } from '../../profiles/ocr/canvas.ts'
import { editDistance } from '../../profiles/ocr/score.ts'
import { stages } from '../../src/stages/stages.ts'
import type { Point } from '../../src/stages/box.ts'
import type { StageItem } from '../../src/stages/types.ts'
import { codecs, contextOf, type Line, read, sample, textOf } from './ocr.ts'
import { few, ofAll } from '../exhaustive.ts'

const studio = await openStudio()
const skip = 'skip' in studio

const expected = async (name: string): Promise<string> => {
  return new TextDecoder().decode(await sample(name)).trim()
}

const accuracy = (lines: readonly Line[], truth: string): number => {
  return 1 - editDistance(textOf(lines), truth) / truth.length
}

/** The sample page on another canvas, in another format. */
async function redrawn(
  format: 'png' | 'webp' | 'jpeg',
  draw: { width: number; height: number; scale?: number; quarter?: boolean; x?: number },
): Promise<Uint8Array> {
  if ('skip' in studio) throw new Error(studio.skip)
  const { createCanvas, loadImage } = studio.canvas
  const page = await loadImage(await sample('page.jpg'))
  const canvas = createCanvas(draw.width, draw.height)
  const ctx = canvas.getContext('2d')
  ctx.fillStyle = '#f4f0e6'
  ctx.fillRect(0, 0, draw.width, draw.height)
  if (draw.quarter) {
    ctx.translate(draw.width, 0)
    ctx.rotate(Math.PI / 2)
  }
  const scale = draw.scale ?? 1
  ctx.drawImage(page, draw.x ?? 0, 0, page.width * scale, page.height * scale)
  if (format === 'png') return new Uint8Array(await canvas.encode('png'))
  // 100 is lossless for this library's WebP.
  if (format === 'webp') return new Uint8Array(await canvas.encode('webp', 100))
  return new Uint8Array(await canvas.encode('jpeg', 90))
}

Deno.test('the sample page is read nearly without a fault, with boxes on its lines', async () => {
  const lines = await read('image/jpeg', await sample('page.jpg'), '736x960')
  const truth = await expected('page.txt')
  assert.ok(accuracy(lines, truth) >= 0.98, textOf(lines))
  assert.equal(lines.length, truth.split('\n').length)
  for (const { box, confidence } of lines) {
    const [a, b, , d] = box as [Point, Point, Point, Point]
    assert.ok(confidence > 0.7 && confidence <= 1)
    assert.ok(b[0] > a[0] && d[1] > a[1], 'corners run clockwise from the top left')
    // The page is turned by 1.6 degrees against the clock.
    const degrees = Math.atan2(b[1] - a[1], b[0] - a[0]) * 180 / Math.PI
    assert.ok(Math.abs(degrees + 1.6) < 1, `${degrees}`)
    assert.ok(box.every(([x, y]) => x > 0 && x < 1280 && y > 0 && y < 960))
  }
})

Deno.test('the portrait PNG is read without a fault', async () => {
  const lines = await read('image/png', await sample('note.png'))
  assert.equal(textOf(lines), await expected('note.txt'))
})

Deno.test('crops sent as JPEG read like raw ones', async () => {
  const bytes = await sample('note.png')
  const lines = await read('image/png', bytes, '352x480', 'h32w480', 'jpeg')
  assert.ok(accuracy(lines, await expected('note.txt')) >= 0.97, textOf(lines))
})

Deno.test(ofAll({
  name: 'PNG and WebP of the same pixels give the same lines, and JPEG the same text',
  ignore: skip,
  fn: async () => {
    const size = { width: 1280, height: 960 }
    const readAs = async (format: 'png' | 'webp' | 'jpeg') =>
      await read(`image/${format}`, await redrawn(format, size), '480x640', 'h24w384')
    const png = await readAs('png')
    assert.deepEqual(await readAs('webp'), png)
    const jpeg = await readAs('jpeg')
    assert.ok(accuracy(jpeg, textOf(png)) >= 0.98, `${textOf(jpeg)}\n--\n${textOf(png)}`)
  },
}))

Deno.test(ofAll({
  name: 'tall, wide and large pictures are read',
  ignore: skip,
  fn: async () => {
    const truth = await expected('page.txt')
    for (
      const draw of [
        { width: 1280, height: 2400 },
        { width: 2800, height: 960, x: 700 },
        { width: 3840, height: 2880, scale: 3 },
      ].slice(-few(1, 3))
    ) {
      const lines = await read('image/jpeg', await redrawn('jpeg', draw), '736x960')
      assert.ok(accuracy(lines, truth) >= 0.95, `${JSON.stringify(draw)}\n${textOf(lines)}`)
    }
  },
}))

Deno.test({
  name: 'a page lying on its side is read, from what is now its right',
  ignore: skip,
  fn: async () => {
    const bytes = await redrawn('jpeg', { width: 960, height: 1280, quarter: true })
    const lines = await read('image/jpeg', bytes, '736x960')
    assert.ok(accuracy(lines, await expected('page.txt')) >= 0.95, textOf(lines))
  },
})

Deno.test('text-recognition fails a bad item alone and reads an empty crop as nothing', async () => {
  const context = await contextOf('recognise', 'h16w400')
  const plain: StageItem = {
    meta: { format: 'rgb', width: 40, height: 16 },
    bytes: new Uint8Array(40 * 16 * 3).fill(250),
  }
  const short: StageItem = { ...plain, bytes: plain.bytes.slice(1) }
  const results = await stages['text-recognition']!.run([short, plain, short], context)
  assert.deepEqual(results.map((r) => r.ok), [false, true, false])
  assert.ok(results[1]!.ok)
  assert.equal(results[1]!.fields, null)
})

Deno.test('text-recognition gives the same text for a batch as for each item', async () => {
  const page = await codecs.decode('image/png', await sample('note.png'))
  const items = [0, 1, 2, 3].map((i): StageItem => {
    const [height, width, top] = [40, 500, 164 + i * 52]
    const bytes = new Uint8Array(width * height * 3)
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const from = ((top + y) * page.width + 50 + x) * 4
        bytes.set(page.data.subarray(from, from + 3), (y * width + x) * 3)
      }
    }
    return { meta: { format: 'rgb', width, height }, bytes }
  })
  const context = await contextOf('recognise', 'h24w384')
  const texts = async (batch: StageItem[]) => {
    return (await stages['text-recognition']!.run(batch, context)).map((r) => {
      return r.ok ? r.fields?.['text'] : r.message
    })
  }
  const single = []
  for (const item of items) single.push(...await texts([item]))
  assert.deepEqual(await texts(items), single)
  assert.ok(single.every((text) => String(text).length > 10), single.join())
})

Deno.test({
  name: 'a gap wider than 1.5 line heights makes two lines, a narrower one does not',
  ignore: skip,
  fn: async () => {
    if ('skip' in studio) return
    const canvas = studio.canvas.createCanvas(800, 600)
    const ctx = canvas.getContext('2d')
    ctx.fillStyle = 'white'
    ctx.fillRect(0, 0, 800, 600)
    ctx.fillStyle = 'black'
    ctx.font = '32px OpenSans400Regular'
    const row = (y: number, gap: number, ...texts: string[]) => {
      let x = 60
      for (const text of texts) {
        ctx.fillText(text, x, y)
        x += ctx.measureText(text).width + gap
      }
    }
    row(150, 130, 'Invoice number', '48213')
    row(250, 26, 'Paid', 'by', 'cheque')
    row(350, 130, 'Date', 'Monday')
    const bytes = new Uint8Array(await canvas.encode('png'))
    const lines = await read('image/png', bytes, '736x960')
    assert.deepEqual(
      lines.map((line) => line.text),
      ['Invoice number', '48213', 'Paid by cheque', 'Date', 'Monday'],
    )
  },
})
