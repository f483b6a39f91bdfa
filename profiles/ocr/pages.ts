/**
 * Generated pages with known lines, to measure the `ocr` pipeline on.
 *
 * @module
 */
import type { Point } from '../../src/stages/box.ts'
import type { Studio } from './canvas.ts'
import { addNoise, blur } from './degrade.ts'
import { createRandom, type Random } from './random.ts'
import { lineText, type Text } from './words.ts'

/** One visual run of text and where it stands: corners clockwise from its top left, in pixels. */
export interface TrueLine {
  text: string
  box: Point[]
}

export interface Page {
  width: number
  height: number
  type: 'image/jpeg'
  bytes: Uint8Array
  lines: TrueLine[]
}

/** Width over height; landscape 4:3 is the commonest, as for cameras and screens. */
const aspects = [4 / 3, 4 / 3, 4 / 3, 3 / 4, 3 / 4, 1 / Math.SQRT2, 2, 1 / 2, 1]

/**
 * Page `index` of the endless series of a seed; every page can be made alone.
 *
 * 2 to 12 rows of 12 to 56 px; some turned by up to 8 degrees, faint, dark, blurred, noisy; JPEG of
 * quality 35 to 92. Some rows hold two lines with a gap of at least 3 line heights.
 */
export async function makePage(
  studio: Studio,
  text: Text,
  seed: number,
  index: number,
): Promise<Page> {
  const random = createRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b))
  const aspect = random.pick(aspects)
  const long = random.integer(800, 1280)
  const width = Math.round(aspect >= 1 ? long : long * aspect)
  const height = Math.round(aspect >= 1 ? long / aspect : long)
  const canvas = studio.canvas.createCanvas(width, height)
  const ctx = canvas.getContext('2d')
  const { paper, ink } = colours(random)
  ctx.fillStyle = paper
  ctx.fillRect(0, 0, width, height)
  const angle = random.chance(0.35) ? random.between(-8, 8) * Math.PI / 180 : 0
  const toPage = (x: number, y: number): Point => [
    width / 2 + (x - width / 2) * Math.cos(angle) - (y - height / 2) * Math.sin(angle),
    height / 2 + (x - width / 2) * Math.sin(angle) + (y - height / 2) * Math.cos(angle),
  ]
  ctx.translate(width / 2, height / 2)
  ctx.rotate(angle)
  ctx.translate(-width / 2, -height / 2)
  ctx.fillStyle = ink
  // A turned page needs wider margins to keep its corners in the picture.
  const margin = (0.04 + Math.abs(angle) * 0.5) * Math.max(width, height)
  const lines: TrueLine[] = []
  const rows = random.integer(2, 12)
  let y = margin + random.between(0, 0.1) * height
  for (let row = 0; row < rows; row++) {
    const size = Math.round(12 * Math.pow(56 / 12, random.unit()))
    if (y + size * 1.5 > height - margin) break
    ctx.font = `${size}px ${random.pick(studio.fonts)}`
    let x = margin + random.between(0, 0.08) * width
    for (let run = 0; run < (random.chance(0.12) ? 2 : 1); run++) {
      const room = width - margin - x
      // Mostly short lines; one in eight may fill the page.
      const wish = random.chance(0.12) ? random.between(30, 60) : random.between(3, 24)
      const length = Math.max(3, Math.min(wish, room / (size * 0.55)))
      let shown = lineText(random, text, length)
      while (shown.length > 1 && ctx.measureText(shown).width > room) {
        shown = shown.slice(0, -1).trimEnd()
      }
      const metrics = ctx.measureText(shown)
      if (shown.length < 2 || metrics.width > room) break
      const baseline = y + size
      ctx.fillText(shown, x, baseline)
      const pad = 0.12 * size
      const top = baseline - metrics.actualBoundingBoxAscent - pad
      const bottom = baseline + metrics.actualBoundingBoxDescent + pad
      lines.push({
        text: shown,
        box: [
          toPage(x - pad, top),
          toPage(x + metrics.width + pad, top),
          toPage(x + metrics.width + pad, bottom),
          toPage(x - pad, bottom),
        ],
      })
      x += metrics.width + size * random.between(3.5, 7)
    }
    y += size * random.between(1.5, 2.4)
  }
  const image = ctx.getImageData(0, 0, width, height)
  if (random.chance(0.35)) blur(image.data, width, height, random.between(0.1, 0.3))
  if (random.chance(0.5)) addNoise(image.data, random.between(3, 18), random)
  ctx.putImageData(image, 0, 0)
  const bytes = new Uint8Array(await canvas.encode('jpeg', random.integer(35, 92)))
  return { width, height, type: 'image/jpeg', bytes, lines }
}

function colours(random: Random): { paper: string; ink: string } {
  const faint = random.chance(0.3)
  const light = random.between(205, 255)
  const dark = faint ? light - random.between(80, 130) : random.between(0, 70)
  const tint = () => random.between(-8, 8)
  const rgb = (v: number) => `rgb(${[v + tint(), v + tint(), v + tint()].map(Math.round).join()})`
  const swap = random.chance(0.25)
  // Dark pages mirror the light ones, so that faint stays as faint.
  return swap
    ? { paper: rgb(255 - light), ink: rgb(255 - dark) }
    : { paper: rgb(light), ink: rgb(dark) }
}
