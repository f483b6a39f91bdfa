/**
 * What a picture's header tells without decoding it: its true type and its size. Whether the rest is
 * there and sound, the node finds out that decodes it.
 *
 * @module
 */
import { imageSize } from 'image-size'
import { ApiError } from './api_error.ts'

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

/** Of a PNG as they mostly are; `undefined` for all else, which takes the library much longer. */
function pngHeader(bytes: Uint8Array): Header | undefined {
  if (bytes.byteLength < 24 || bytes[0] !== 0x89) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, 24)
  if (view.getUint32(0) !== PNG[0] || view.getUint32(4) !== PNG[1]) return undefined
  if (view.getUint32(12) !== IHDR) return undefined
  return { type: 'png', width: view.getUint32(16), height: view.getUint32(20) }
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
  let header: Header
  try {
    header = pngHeader(bytes) ?? imageSize(bytes)
  } catch {
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
