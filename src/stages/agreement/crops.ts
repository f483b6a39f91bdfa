/**
 * Crops that a node cut out of a picture: whether they can be ones, and whether two show the same.
 *
 * @module
 */
import { boxOfCorners, cornersOf, type Point, type TextBox } from '../box.ts'
import { cropFormat, cropSize } from '../crop.ts'
import type { Json, JsonObject, Picture, StageItem } from '../types.ts'
import { jpegFault } from './crop_jpeg.ts'
import { numberOf } from './json.ts'
import { type Agreement, type Size, strangeField, type TaskFields } from './kind.ts'

/** How crops are looked at. */
export interface Look {
  /** The picture of a JPEG as nodes write them; undefined if it is damaged. */
  decodeJpeg(bytes: Uint8Array): Picture | undefined
  /** Uniform in [0, 1). */
  random(): number
  /** Pixels that may still be looked at; where these are too few, random crops, at least one. */
  pixels: number
}

/** For crops that travel as they are. */
export const RAW_ONLY: Look = { decodeJpeg: () => undefined, random: () => 0, pixels: Infinity }

/** Corners are rounded to a tenth of a pixel: a rectangle may deviate by this many pixels. */
const ROUNDED = 0.3
/**
 * Tolerance of a crop's size, in pixels and as a share: it is computed before corners are rounded.
 */
const SIZE_PIXELS = 2
const SIZE_SHARE = 0.02
/** How far a box may reach beyond its picture, in sides of it: text may stand at the edge. */
const BEYOND = 0.5

/** The rectangle of four corners; undefined for anything else. */
export function rectangleOf(corners: Json | undefined): TextBox | undefined {
  if (!Array.isArray(corners) || corners.length !== 4) return undefined
  const points = corners as Point[]
  if (!points.every((p) => Array.isArray(p) && p.length === 2 && p.every(Number.isFinite))) {
    return undefined
  }
  const box = boxOfCorners(points)
  const isOne = cornersOf(box).every(([x, y], i) =>
    Math.hypot(x - points[i]![0], y - points[i]![1]) <= ROUNDED
  )
  return isOne ? box : undefined
}

export function sizeOf(fields: JsonObject | null): Size | undefined {
  const { width, height } = fields ?? {}
  const isSide = (side: Json | undefined) => Number.isInteger(side) && numberOf(side) >= 1
  return isSide(width) && isSide(height)
    ? { width: numberOf(width), height: numberOf(height) }
    : undefined
}

/** A box that nothing can have been found in; undefined for any other. */
export function boxFault(corners: Json | undefined, { width, height }: Size): string | undefined {
  const box = rectangleOf(corners)
  if (box === undefined) return 'without a box'
  const isOn = cornersOf(box).every(([x, y]) =>
    x >= -BEYOND * width && x <= (1 + BEYOND) * width &&
    y >= -BEYOND * height && y <= (1 + BEYOND) * height
  )
  // Centres are rounded, too.
  const within = (at: number, side: number) => at >= -ROUNDED && at <= side + ROUNDED
  return isOn && within(box.cx, width) && within(box.cy, height) ? undefined : 'outside the picture'
}

const isFormat = (format: Json | undefined) => format === 'rgb' || format === 'jpeg'

export const isCrop = ({ meta }: StageItem): boolean => isFormat(meta['format'])

/** The first fault in the crops that a detector hands on, as `a line without a box`. */
export function cropsFault(
  items: readonly StageItem[],
  thing: string,
  names: readonly string[],
  cut: NonNullable<Agreement['cut']>,
  task: TaskFields,
  picture: Size,
): string | undefined {
  const sizes: Size[] = []
  for (const { meta } of items) {
    const fault = boxFault(meta['box'], picture)
    if (fault !== undefined) return `a ${thing} ${fault}`
    const strange = strangeField(meta, ['format', 'width', 'height', 'box', ...names])
    if (strange !== undefined) return strange
    if (!isFormat(meta['format'])) return 'a crop of no known format'
    const { area, limits } = cut(rectangleOf(meta['box'])!, task, picture)
    const [size, wanted] = [sizeOf(meta), cropSize(area, limits)]
    const isNear = (is: number, side: number) =>
      Math.abs(is - side) <= SIZE_PIXELS + SIZE_SHARE * side
    if (
      size === undefined || !isNear(size.width, wanted.width) ||
      !isNear(size.height, wanted.height)
    ) return `a crop of a size that its ${thing} has not`
    sizes.push(size)
  }
  for (const [i, { meta, bytes, asked }] of items.entries()) {
    if (asked !== undefined && meta['format'] !== cropFormat(asked, sizes)) {
      return 'a crop in a format that was not asked for'
    }
    const { width, height } = sizes[i]!
    const fault = meta['format'] === 'jpeg' ? jpegFault(bytes, width, height) : undefined
    if (fault !== undefined) return fault
  }
  return undefined
}

/** Two crops of one place, and what of the picture each shows, where that is known. */
export interface Pair {
  items: [StageItem, StageItem]
  areas: [TextBox, TextBox] | undefined
}

/** Whether all show the same, as far as there is room to look. */
export function samePictures(pairs: readonly Pair[], look: Look): boolean {
  const left = [...pairs]
  for (let isFirst = true; left.length > 0; isFirst = false) {
    const at = Math.floor(look.random() * left.length)
    const pair = left[at]!
    left[at] = left.at(-1)!
    left.pop()
    const sizes = pair.items.map(({ meta }) => sizeOf(meta))
    const pixels = sizes.reduce((sum, size) => sum + (size ? size.width * size.height : 0), 0)
    if (!isFirst && pixels > look.pixels) continue
    look.pixels -= pixels
    const [a, b] = pair.items.map((item) => pictureOf(item, look))
    if (a === undefined || b === undefined) return false
    if (pair.areas === undefined && (a.width !== b.width || a.height !== b.height)) return false
    const noise = pair.items.some(({ meta }) => meta['format'] === 'jpeg') ? JPEG_NOISE : NOISE
    if (!showSame(a, b, pair.areas, noise)) return false
  }
  return true
}

function pictureOf({ meta, bytes }: StageItem, look: Look): Picture | undefined {
  const size = sizeOf(meta)
  if (size === undefined) return undefined
  if (meta['format'] === 'rgb') {
    if (bytes.length !== 3 * size.width * size.height) return undefined
    return { ...size, channels: 3, data: bytes }
  }
  if (jpegFault(bytes, size.width, size.height) !== undefined) return undefined
  const picture = look.decodeJpeg(bytes)
  return picture?.width === size.width && picture.height === size.height ? picture : undefined
}

/** Side in pixels of the squares that crops are compared by: about a stroke of a letter. */
const BLOCK = 4
/** Of 255, in the mean of a square: of pixels alone, and of a JPEG (2.8 at quality 92). */
const NOISE = 2
const JPEG_NOISE = 5
/**
 * Of the crop's contrast, in the mean of a square, and of its pixels. Two honest crops whose boxes are
 * a few pixels apart differ by up to 0.08 and 0.18, one in which a character is another by 0.15 at
 * the least, mostly by 0.5 (`tests/stages/crops_test.ts`).
 */
const MEAN_SHARE = 0.1
const PIXEL_SHARE = 0.25
/** Of a pixel's noise, over that of the mean of its square. */
const PIXEL_NOISE = 4

function showSame(a: Picture, b: Picture, areas: Pair['areas'], noise: number): boolean {
  const contrast = Math.min(contrastOf(a), contrastOf(b))
  const mostMean = noise + MEAN_SHARE * contrast
  const mostPixel = PIXEL_NOISE * noise + PIXEL_SHARE * contrast
  const place = placing(a, b, areas)
  const across = Math.ceil(a.width / BLOCK)
  for (let top = 0; top < a.height; top += BLOCK) {
    const sums = new Float64Array(3 * across)
    const sizes = new Float64Array(3 * across)
    const counts = new Uint8Array(across)
    for (let y = top; y < Math.min(top + BLOCK, a.height); y++) {
      for (let x = 0; x < a.width; x++) {
        const u = place.x + x * place.xByX + y * place.xByY
        const v = place.y + x * place.yByX + y * place.yByY
        if (u < -0.51 || v < -0.51 || u > b.width - 0.49 || v > b.height - 0.49) continue
        const block = Math.floor(x / BLOCK)
        counts[block]!++
        for (let c = 0; c < 3; c++) {
          const difference = a.data[(y * a.width + x) * a.channels + c]! - valueAt(b, u, v, c)
          sums[3 * block + c]! += difference
          sizes[3 * block + c]! += Math.abs(difference)
        }
      }
    }
    for (let i = 0; i < sums.length; i++) {
      const count = counts[Math.floor(i / 3)]!
      // At the edge, where only one of the two shows anything, there is nothing to compare.
      if (count < BLOCK * BLOCK / 2) continue
      if (Math.abs(sums[i]!) > mostMean * count || sizes[i]! > mostPixel * count) return false
    }
  }
  return true
}

function contrastOf({ data, channels }: Picture): number {
  let [least, most] = [255, 0]
  for (let i = 0; i < data.length; i++) {
    if (channels === 4 && (i & 3) === 3) continue
    const value = data[i]!
    if (value < least) least = value
    if (value > most) most = value
  }
  return most - least
}

/** Between the four pixels around a place. */
function valueAt({ width, height, channels, data }: Picture, u: number, v: number, c: number) {
  const x = Math.min(Math.max(u, 0), width - 1)
  const y = Math.min(Math.max(v, 0), height - 1)
  const [x0, y0] = [Math.floor(x), Math.floor(y)]
  const [x1, y1] = [Math.min(x0 + 1, width - 1), Math.min(y0 + 1, height - 1)]
  const [fx, fy] = [x - x0, y - y0]
  const at = (column: number, row: number) => data[(row * width + column) * channels + c]!
  return (1 - fy) * ((1 - fx) * at(x0, y0) + fx * at(x1, y0)) +
    fy * ((1 - fx) * at(x0, y1) + fx * at(x1, y1))
}

/** Where in `b` a pixel of `a` lies that shows the same place of the picture. */
function placing(a: Size, b: Size, areas: Pair['areas']) {
  if (areas === undefined) return { x: 0, y: 0, xByX: 1, xByY: 0, yByX: 0, yByY: 1 }
  const [from, to] = areas
  const turn = from.angle - to.angle
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)]
  const [perX, perY] = [from.width / a.width, from.height / a.height]
  const [xPer, yPer] = [b.width / to.width, b.height / to.height]
  const [dx, dy] = [from.cx - to.cx, from.cy - to.cy]
  const [toCos, toSin] = [Math.cos(to.angle), Math.sin(to.angle)]
  // The centre of the first pixel, from the middle of its own area.
  const [u, v] = [perX / 2 - from.width / 2, perY / 2 - from.height / 2]
  return {
    x: (dx * toCos + dy * toSin + u * cos - v * sin + to.width / 2) * xPer - 0.5,
    y: (dy * toCos - dx * toSin + u * sin + v * cos + to.height / 2) * yPer - 0.5,
    xByX: perX * cos * xPer,
    xByY: -perY * sin * xPer,
    yByX: perX * sin * yPer,
    yByY: perY * cos * yPer,
  }
}
