/**
 * An item such as usually comes to a task of pictures, for measuring what its stage does beside the
 * model: with quick models decoding and cutting are most of the work.
 *
 * @module
 */
import type { StageContext, StageItem } from './types.ts'

const [WIDTH, HEIGHT] = [512, 384]
/** Of a crop that a parent cuts out. */
const [CROP_WIDTH, CROP_HEIGHT] = [192, 48]

let file: StageItem | undefined
let crop: StageItem | undefined

/** A file for the root task, a crop for others. The same each time. */
export function samplePicture({ isRoot = false }: Pick<StageContext, 'isRoot'>): StageItem {
  if (isRoot) return file ??= { meta: { type: 'image/jpeg' }, bytes: sampleJpeg(WIDTH, HEIGHT) }
  return crop ??= {
    meta: { format: 'rgb', width: CROP_WIDTH, height: CROP_HEIGHT },
    bytes: Uint8Array.from({ length: 3 * CROP_WIDTH * CROP_HEIGHT }, (_, i) => (i * 37) % 251),
  }
}

/** Numbers of codes of 1 to 16 bits, then what they stand for: of ITU-T T.81 no more than is used. */
const DC = { counts: [0, 1], values: [0] }
const AC = { counts: [0, 1, 0, 1], values: [0x01, 0x00] }
/** A block: no change of its mean (00), some waves of one step (00 1 each), its end (0100). */
const BLOCK = `00${'001'.repeat(8)}0100`
/** Four of brightness and two of colour make a square of 16 pixels. */
const SQUARE = BLOCK.repeat(4) + '000100'.repeat(2)

/**
 * A picture of waves as a baseline JPEG with colour at half resolution, written by hand: an encoder
 * would have to be loaded. About as many bytes, and as many coefficients, as a photo of that size.
 *
 * @param width a multiple of 16, as is `height`
 */
export function sampleJpeg(width: number, height: number): Uint8Array {
  const bytes = [0xff, 0xd8]
  const segment = (marker: number, ...body: number[]) => {
    const length = body.length + 2
    bytes.push(0xff, marker, length >> 8, length & 255, ...body)
  }
  const table = (kind: number, { counts, values }: typeof DC) => [
    ...[kind, ...counts, ...new Array<number>(16 - counts.length).fill(0), ...values],
  ]
  segment(0xdb, 0, ...new Array<number>(64).fill(8))
  segment(
    0xc0,
    ...[8, height >> 8, height & 255, width >> 8, width & 255, 3],
    ...[1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0],
  )
  segment(0xc4, ...table(0x00, DC), ...table(0x10, AC))
  segment(0xda, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0)
  const squares = (width / 16) * (height / 16)
  // Whole bytes where eight squares follow each other.
  const bits = SQUARE.repeat(8)
  const some = Uint8Array.from(
    { length: bits.length / 8 },
    (_, i) => parseInt(bits.slice(8 * i, 8 * i + 8), 2),
  )
  const whole = new Uint8Array(bytes.length + squares / 8 * some.length + 2)
  whole.set(bytes)
  for (let i = 0; i < squares / 8; i++) whole.set(some, bytes.length + i * some.length)
  whole.set([0xff, 0xd9], whole.length - 2)
  return whole
}
