/**
 * Pictures that come in, checked by their headers, so that a decompression bomb is refused
 * undecoded.
 *
 * @module
 */
import {
  MAX_PICTURE_PIXELS,
  MAX_PICTURE_SIDE,
  type PictureHead,
  pictureHead,
  type PictureType,
} from '../../../pipeline/picture_head.ts'
import { ApiError } from '../../core/api_error.ts'
import type { Payload } from '../../nodes/payload.ts'
import { stripMetadata } from './strip_metadata.ts'

export { isPictureType, MAX_PICTURE_PIXELS, PICTURE_TYPES } from '../../../pipeline/picture_head.ts'
export type { PictureType } from '../../../pipeline/picture_head.ts'

/**
 * @param declared its content type; `undefined` accepts any picture type
 * @throws ApiError `invalid_input` or `too_large`
 */
export function checkPicture(bytes: Uint8Array, declared?: PictureType): PictureHead {
  if (bytes.byteLength === 0) {
    throw new ApiError('invalid_input', 'Cannot read an empty body: send the bytes of a picture')
  }
  const head = pictureHead(bytes)
  if (head === undefined) {
    throw new ApiError(
      'invalid_input',
      `Cannot read the body as ${declared ?? 'a picture'}: it is not PNG, JPEG or WebP, or broken`,
    )
  }
  const { type, width, height } = head
  if (declared !== undefined && type !== declared) {
    throw new ApiError(
      'invalid_input',
      `Cannot read the body as ${declared}: its content is ${type}`,
    )
  }
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
  return head
}

/** A picture as an item for a node: checked, and without metadata. @throws ApiError */
export function pictureOf(
  bytes: Uint8Array,
  declared?: PictureType,
): Pick<Payload, 'meta' | 'bytes' | 'pixels'> {
  const head = checkPicture(bytes, declared)
  const { type, width, height } = head
  return { meta: { type }, bytes: stripMetadata(bytes, head), pixels: width * height }
}
