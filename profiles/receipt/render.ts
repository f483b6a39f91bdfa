/**
 * Photos of invented receipts: thermal paper on a table, a little turned, soft and noisy.
 *
 * @module
 */
import type { Studio } from '../ocr/canvas.ts'
import { addNoise, blur } from '../ocr/degrade.ts'
import type { Random } from '../ocr/random.ts'
import type { Receipt, Row } from '../fields/receipt.ts'
import type { World } from '../fields/world.ts'
import type { Point } from '../../src/stages/box.ts'

/** One run of text: corners clockwise from its top left, in pixels. */
export interface Run {
  text: string
  row: number
  box: Point[]
}

export interface Photo {
  width: number
  height: number
  type: 'image/jpeg'
  bytes: Uint8Array
  runs: Run[]
}

const fonts: { readonly [world in World]: readonly string[] } = {
  training: [
    'SourceCodePro400Regular',
    'Roboto400Regular',
    'Roboto500Medium',
    'OpenSans400Regular',
  ],
  'held-back': ['SourceCodePro600SemiBold', 'Merriweather400Regular', 'OpenSans700Bold'],
}

interface Placed {
  text: string
  row: number
  x: number
  y: number
  size: number
}

/** How one photo looks. */
export interface Look {
  font: string
  /** Of most of the text, in pixels. */
  size: number
  /** Of paper and ink, 0..255. */
  paper: number
  ink: number
  degrees: number
  soft: number
  noise: number
  quality: number
}

export function lookOf(random: Random, world: World): Look {
  const paper = random.between(215, 252)
  const faint = random.chance(0.25)
  return {
    font: random.pick(fonts[world]),
    size: random.integer(18, 34),
    paper,
    ink: faint ? paper - random.between(85, 130) : random.between(20, 95),
    degrees: random.chance(0.5) ? random.between(-1.2, 1.2) : 0,
    soft: random.chance(0.5) ? random.between(0.05, 0.28) : 0,
    noise: random.chance(0.6) ? random.between(2, 14) : 0,
    quality: random.integer(45, 92),
  }
}

export async function renderReceipt(
  { canvas: { createCanvas } }: Studio,
  receipt: Receipt,
  random: Random,
  look: Look,
): Promise<Photo> {
  const pen = createCanvas(8, 8).getContext('2d')
  const { placed, width: inner, height: tall } = layOut(
    receipt.rows,
    (text, size) => {
      pen.font = `${size}px ${look.font}`
      return pen.measureText(text).width
    },
    look.size,
    random,
  )
  const edge = Math.round(random.between(0.02, 0.1) * inner) + 12
  const width = Math.round(inner) + 2 * edge
  const height = Math.round(tall) + 2 * edge
  const canvas = createCanvas(width, height)
  const ctx = canvas.getContext('2d')
  const table = Array.from({ length: 3 }, () => Math.round(random.between(40, 150)))
  ctx.fillStyle = `rgb(${table.join()})`
  ctx.fillRect(0, 0, width, height)
  const angle = look.degrees * Math.PI / 180
  ctx.translate(width / 2, height / 2)
  ctx.rotate(angle)
  ctx.translate(-width / 2, -height / 2)
  const grey = (v: number, warm: number) => `rgb(${[v + warm, v, v - warm].map(Math.round).join()})`
  const shade = ctx.createLinearGradient(0, 0, width, height)
  const warm = random.between(-3, 6)
  shade.addColorStop(0, grey(look.paper, warm))
  shade.addColorStop(1, grey(look.paper - random.between(0, 30), warm))
  ctx.fillStyle = shade
  ctx.fillRect(edge * 0.5, edge * 0.4, width - edge, height - edge * 0.8)
  ctx.fillStyle = grey(look.ink, random.between(-8, 4))
  const runs: Run[] = []
  for (const { text, row, x, y, size } of placed) {
    ctx.font = `${size}px ${look.font}`
    ctx.fillText(text, edge + x, edge + y)
    const { width: wide, actualBoundingBoxAscent: up, actualBoundingBoxDescent: down } = ctx
      .measureText(text)
    const pad = 0.12 * size
    const corners: Point[] = [[x - pad, y - up - pad], [x + wide + pad, y - up - pad], [
      x + wide + pad,
      y + down + pad,
    ], [x - pad, y + down + pad]]
    const box = corners.map(([px, py]): Point => {
      const [dx, dy] = [px + edge - width / 2, py + edge - height / 2]
      return [
        width / 2 + dx * Math.cos(angle) - dy * Math.sin(angle),
        height / 2 + dx * Math.sin(angle) + dy * Math.cos(angle),
      ]
    })
    runs.push({ text, row, box })
  }
  const image = ctx.getImageData(0, 0, width, height)
  if (look.soft > 0) blur(image.data, width, height, look.soft)
  if (look.noise > 0) addNoise(image.data, look.noise, random)
  ctx.putImageData(image, 0, 0)
  const bytes = new Uint8Array(await canvas.encode('jpeg', look.quality))
  return { width, height, type: 'image/jpeg', bytes, runs }
}

/** Places of all runs: single ones left or in the middle, several spread up to the right margin. */
function layOut(
  rows: readonly Row[],
  widthOf: (text: string, size: number) => number,
  size: number,
  random: Random,
): { placed: Placed[]; width: number; height: number } {
  const big = random.chance(0.4) ? Math.round(size * random.between(1.2, 1.6)) : size
  const gap = size * random.between(1.6, 2.6)
  const sizeOf = (row: Row, index: number) => index === 0 && row.at === 'centre' ? big : size
  const needed = rows.map((row, index) => {
    const own = row.runs.reduce((sum, run) => sum + widthOf(run, sizeOf(row, index)), 0)
    return own + gap * (row.runs.length - 1)
  })
  const inner = Math.max(size * 14, ...needed)
  const side = size * random.between(0.5, 1.5)
  const step = size * random.between(1.3, 1.65)
  const placed: Placed[] = []
  let y = side
  for (const [row, { runs, at }] of rows.entries()) {
    const own = sizeOf(rows[row]!, row)
    y += own === size ? step : step * own / size
    const widths = runs.map((run) => widthOf(run, own))
    // Columns between the first and the last share the room that is left.
    const spare = inner - widths.reduce((sum, width) => sum + width, 0)
    let x = runs.length === 1 && at === 'centre' ? spare / 2 : 0
    for (const [index, text] of runs.entries()) {
      placed.push({ text: text.trim(), row, x: side + x, y, size: own })
      x += widths[index]! + spare / Math.max(1, runs.length - 1)
    }
    if (random.chance(0.06)) y += step * 0.5
  }
  return { placed, width: inner + 2 * side, height: y + side + size * 0.5 }
}
