/**
 * What can be known of a picture without decoding it: its true type, its size, that it is whole.
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

/**
 * Checks a picture by its header, so that a bomb is refused before anyone unpacks it.
 *
 * @param declared its content type; `undefined` accepts any picture type
 * @throws ApiError `invalid_input` or `too_large`
 */
export function checkPicture(bytes: Uint8Array, declared?: PictureType): PictureType {
  if (bytes.byteLength === 0) {
    throw new ApiError('invalid_input', 'Cannot read an empty body: send the bytes of a picture')
  }
  let header: { width: number; height: number; type?: string }
  try {
    header = imageSize(bytes)
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
  if (!isWhole(type, bytes)) {
    throw new ApiError('invalid_input', `Cannot read ${type}: the picture is cut short`)
  }
  return type
}

/** Whether the picture's last part is there. Decoders would fill what is missing with grey. */
function isWhole(type: PictureType, bytes: Uint8Array): boolean {
  if (type === 'image/webp') {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return bytes.byteLength >= 12 && view.getUint32(4, true) + 8 <= bytes.byteLength
  }
  if (type === 'image/png') {
    const text = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4))
    // Chunk by chunk: a length, a name, the data, a checksum.
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = 8; at + 12 <= bytes.byteLength; at += 12 + view.getUint32(at)) {
      if (text(at + 4) === 'IEND') return true
    }
    return false
  }
  return hasJpegEnd(bytes)
}

/** Walks the segments to the start of scan (a thumbnail has an end of its own), then seeks the end. */
function hasJpegEnd(bytes: Uint8Array): boolean {
  let at = 2
  while (at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda) {
    if (bytes[at + 1] === 0xff) at += 1
    else at += 2 + ((bytes[at + 2] ?? 0) << 8 | (bytes[at + 3] ?? 0))
  }
  for (let end = bytes.length - 1; end > at; end--) {
    end = bytes.lastIndexOf(0xd9, end)
    if (end <= at) return false
    if (bytes[end - 1] === 0xff) return true
  }
  return false
}
