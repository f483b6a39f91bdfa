/**
 * Generated scans with known lines, to measure the `documents` pipeline on: A4 pages of running text, as
 * a flatbed at 200 dots an inch has them, each a PDF of one page.
 *
 * @module
 */
import { PDFDocument } from '@cantoo/pdf-lib'
import type { Studio } from '../ocr/canvas.ts'
import { addNoise, blur } from '../ocr/degrade.ts'
import type { TrueLine } from '../ocr/pages.ts'
import { createRandom, type Random } from '../ocr/random.ts'
import { lineText, type Text } from '../ocr/words.ts'
import type { Point } from '../../src/stages/box.ts'

/** Of A4, at so many dots an inch. */
export const SCAN = { width: 1654, height: 2339, dpi: 200 }
/** Of A4, in points. */
const A4: [number, number] = [595.28, 841.89]
const PIXELS_A_POINT = SCAN.dpi / 72

export interface Scan {
  pdf: Uint8Array
  /** The picture in it. */
  jpeg: Uint8Array
  lines: TrueLine[]
}

/**
 * Page `index` of the endless series of a seed.
 *
 * Paragraphs of 9 to 12 points under headings of 14 to 20, up to 50 lines; half of them lean by up to a
 * degree; blurred and noisy, JPEG of quality 55 to 90.
 */
export async function makeScan(
  studio: Studio,
  text: Text,
  seed: number,
  index: number,
): Promise<Scan> {
  const random = createRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b))
  const { width, height } = SCAN
  const canvas = studio.canvas.createCanvas(width, height)
  const ctx = canvas.getContext('2d')
  const light = Math.round(random.between(235, 255))
  ctx.fillStyle = `rgb(${light},${light},${light - random.integer(0, 8)})`
  ctx.fillRect(0, 0, width, height)
  const angle = random.chance(0.5) ? random.between(-1, 1) * Math.PI / 180 : 0
  ctx.translate(width / 2, height / 2)
  ctx.rotate(angle)
  ctx.translate(-width / 2, -height / 2)
  const ink = random.integer(0, 60)
  ctx.fillStyle = `rgb(${ink},${ink},${ink})`
  const lines = drawText(ctx, studio.fonts, text, random, angle)
  const image = ctx.getImageData(0, 0, width, height)
  if (random.chance(0.5)) blur(image.data, width, height, random.between(0.1, 0.25))
  addNoise(image.data, random.between(2, 8), random)
  ctx.putImageData(image, 0, 0)
  const jpeg = new Uint8Array(await canvas.encode('jpeg', random.integer(55, 90)))
  const pdf = await PDFDocument.create()
  const picture = await pdf.embedJpg(jpeg)
  pdf.addPage(A4).drawImage(picture, { x: 0, y: 0, width: A4[0], height: A4[1] })
  return { pdf: await pdf.save(), jpeg, lines }
}

type Context = ReturnType<ReturnType<Studio['canvas']['createCanvas']>['getContext']>

function drawText(
  ctx: Context,
  fonts: readonly string[],
  text: Text,
  random: Random,
  angle: number,
): TrueLine[] {
  const { width, height } = SCAN
  const toPage = (x: number, y: number): Point => [
    width / 2 + (x - width / 2) * Math.cos(angle) - (y - height / 2) * Math.sin(angle),
    height / 2 + (x - width / 2) * Math.sin(angle) + (y - height / 2) * Math.cos(angle),
  ]
  const lines: TrueLine[] = []
  const margin = random.between(0.09, 0.14) * width
  const body = random.pick(fonts)
  const size = random.between(9, 12) * PIXELS_A_POINT
  const leading = random.between(1.25, 1.6)
  const put = (line: string, y: number, font: string, pixels: number) => {
    ctx.font = `${pixels}px ${font}`
    let shown = line
    while (ctx.measureText(shown).width > width - 2 * margin) {
      shown = shown.slice(0, shown.lastIndexOf(' '))
    }
    const metrics = ctx.measureText(shown)
    ctx.fillText(shown, margin, y)
    const pad = 0.12 * pixels
    const top = y - metrics.actualBoundingBoxAscent - pad
    const bottom = y + metrics.actualBoundingBoxDescent + pad
    const [left, right] = [margin - pad, margin + metrics.width + pad]
    lines.push({
      text: shown,
      box: [toPage(left, top), toPage(right, top), toPage(right, bottom), toPage(left, bottom)],
    })
  }
  let y = margin + size
  while (y < height - margin) {
    if (random.chance(0.4)) {
      const large = random.between(14, 20) * PIXELS_A_POINT
      y += 0.6 * large
      if (y > height - margin) break
      put(lineText(random, text, random.between(8, 30)), y, random.pick(fonts), large)
      y += 1.5 * large
    }
    const rows = random.integer(2, 9)
    for (let row = 0; row < rows && y < height - margin; row++, y += leading * size) {
      // A paragraph's last line is short.
      const length = row === rows - 1 ? random.between(15, 60) : 140
      put(lineText(random, text, length), y, body, size)
    }
    y += random.between(0.4, 1) * size
  }
  return lines
}
