/**
 * What a picture's header tells without decoding it: its true type and its size. Whether the rest is
 * there and sound, the node finds out that decodes it.
 *
 * @module
 */
import { imageSize } from 'image-size'
import { ApiError } from './api_error.ts'
import { isJpeg, jpegHead } from './jpeg_head.ts'

export const PICTURE_TYPES = ['image/png', 'image/jpeg', 'image/webp'] as const
export type PictureType = typeof PICTURE_TYPES[number]

export const MAX_PICTURE_PIXELS = 50_000_000
export const MAX_PICTURE_SIDE = 10_000

const TYPE_OF: Record<string, PictureType> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  webp: 'image/webp',
}

export function isPictureType(type: string): type is PictureType {
  return (PICTURE_TYPES as readonly string[]).includes(type)
}

interface Header {
  width: number
  height: number
  type?: string
  orientation?: number
}

/** 0x89, then `PNG`, line ends of three kinds; and the name of the chunk that must come first. */
const PNG = [0x89504e47, 0x0d0a1a0a]
const IHDR = 0x49484452

/** `RIFF`, `WEBP`, and how the name of each chunk begins that can come first. */
const RIFF = 0x52494646
const WEBP = 0x57454250
const VP8 = 0x565038
/** Of a PNG or a WebP: its size is told within. */
const HEAD_BYTES = 64

/**
 * The library is asked about PNG and WebP alone, and of no more than their heads: it knows twenty
 * others by heart, some of which keep it busy for minutes if they are made to.
 *
 * @returns `undefined` for what is none of them
 * @throws on what is broken
 */
function headerOf(bytes: Uint8Array): Header | undefined {
  if (isJpeg(bytes)) {
    const head = jpegHead(bytes)
    return head && { type: 'jpg', ...head }
  }
  if (bytes.byteLength < 24) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, 24)
  const first = view.getUint32(0)
  if (first === PNG[0] && view.getUint32(4) === PNG[1]) {
    // As they mostly are; all else takes the library much longer.
    if (view.getUint32(12) === IHDR) {
      return { type: 'png', width: view.getUint32(16), height: view.getUint32(20) }
    }
  } else if (
    first !== RIFF || view.getUint32(8) !== WEBP || view.getUint32(12) >>> 8 !== VP8
  ) return undefined
  return imageSize(bytes.subarray(0, HEAD_BYTES))
}

export interface Picture {
  type: PictureType
  /** As EXIF has it, 1 to 8. */
  orientation?: number
}

/**
 * Checks a picture by its header, so that a bomb is refused before anyone unpacks it.
 *
 * @param declared its content type; `undefined` accepts any picture type
 * @throws ApiError `invalid_input` or `too_large`
 */
export function checkPicture(bytes: Uint8Array, declared?: PictureType): Picture {
  if (bytes.byteLength === 0) {
    throw new ApiError('invalid_input', 'Cannot read an empty body: send the bytes of a picture')
  }
  let header: Header | undefined
  try {
    header = headerOf(bytes)
  } catch {
    // As what is none of them.
  }
  if (header === undefined) {
    throw new ApiError(
      'invalid_input',
      `Cannot read the body as ${declared ?? 'a picture'}: it is not PNG, JPEG or WebP, or broken`,
    )
  }
  const type = TYPE_OF[header.type ?? '']
  if (type === undefined || (declared !== undefined && type !== declared)) {
    throw new ApiError(
      'invalid_input',
      `Cannot read the body as ${declared ?? 'a picture'}: its content is ${header.type}`,
    )
  }
  const { width, height } = header
  if (width < 1 || height < 1) {
    throw new ApiError('invalid_input', `Cannot read a picture of ${width}x${height} pixels`)
  }
  if (Math.max(width, height) > MAX_PICTURE_SIDE || width * height > MAX_PICTURE_PIXELS) {
    throw new ApiError(
      'too_large',
      `Cannot take a picture of ${width}x${height} pixels: the most is ${MAX_PICTURE_SIDE} a side ` +
        `and ${MAX_PICTURE_PIXELS} in all`,
    )
  }
  const { orientation } = header
  return { type, ...(orientation === undefined ? {} : { orientation }) }
}
