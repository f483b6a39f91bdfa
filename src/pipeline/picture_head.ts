/**
 * What a picture's header tells without decoding it: its true type and its size. Whether the rest is
 * there and sound, whoever decodes it finds out.
 *
 * @module
 */
import { jpegHead } from './jpeg_head.ts'
import { isJpeg } from './jpeg_segments.ts'
import { chunkName } from './png_orientation.ts'

export const PICTURE_TYPES = ['image/png', 'image/jpeg', 'image/webp'] as const
export type PictureType = typeof PICTURE_TYPES[number]

export const MAX_PICTURE_PIXELS = 50_000_000
export const MAX_PICTURE_SIDE = 10_000

export function isPictureType(type: string): type is PictureType {
  return (PICTURE_TYPES as readonly string[]).includes(type)
}

export interface PictureHead {
  type: PictureType
  width: number
  height: number
  /** Of a JPEG, as its EXIF has it, 1 to 8. */
  orientation?: number
}

/** 0x89, then `PNG`, line ends of three kinds; and the name of the chunk that must come first. */
const PNG = [0x89504e47, 0x0d0a1a0a]
const IHDR = chunkName('IHDR')

const RIFF = chunkName('RIFF')
const WEBP = chunkName('WEBP')
/** The chunk that can come first: of a file that loses detail, of one that loses none, of one with more. */
const LOSSY = chunkName('VP8 ')
const LOSSLESS = chunkName('VP8L')
const EXTENDED = chunkName('VP8X')
/** Of a PNG or a WebP: its size is told within. */
const HEAD_BYTES = 30

/** `undefined` for what is none of them, or broken. */
export function pictureHead(bytes: Uint8Array): PictureHead | undefined {
  if (isJpeg(bytes)) {
    const head = jpegHead(bytes)
    return head && { type: 'image/jpeg', ...head }
  }
  const view = new DataView(new ArrayBuffer(HEAD_BYTES))
  // What is cut short has zeros for the rest.
  new Uint8Array(view.buffer).set(bytes.subarray(0, HEAD_BYTES))
  const first = view.getUint32(0)
  if (first === PNG[0] && view.getUint32(4) === PNG[1] && view.getUint32(12) === IHDR) {
    return { type: 'image/png', width: view.getUint32(16), height: view.getUint32(20) }
  }
  if (first !== RIFF || view.getUint32(8) !== WEBP) return undefined
  const size = webpSize(view)
  return size && { type: 'image/webp', ...size }
}

/** 14 bits a side after the three bytes of a key frame, or after one byte; or 24 bits less one. */
function webpSize(view: DataView): { width: number; height: number } | undefined {
  const u16 = (at: number) => view.getUint16(at, true)
  const kind = view.getUint32(12)
  if (kind === LOSSY) return { width: u16(26) & 0x3fff, height: u16(28) & 0x3fff }
  if (kind === LOSSLESS) {
    const bits = view.getUint32(21, true)
    return { width: (bits & 0x3fff) + 1, height: (bits >>> 14 & 0x3fff) + 1 }
  }
  if (kind !== EXTENDED) return undefined
  const u24 = (at: number) => u16(at) + view.getUint8(at + 2) * 0x10000
  return { width: u24(24) + 1, height: u24(27) + 1 }
}
