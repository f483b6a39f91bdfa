/**
 * A picture as an item that goes to a node.
 *
 * @module
 */
import type { Payload } from '../../nodes/payload.ts'
import { checkPicture, type PictureType } from './picture.ts'
import { stripMetadata } from './strip_metadata.ts'

/** Checked, and without what it says besides its pixels. @throws ApiError */
export function pictureOf(
  bytes: Uint8Array,
  declared?: PictureType,
): Pick<Payload, 'meta' | 'bytes' | 'pixels'> {
  const head = checkPicture(bytes, declared)
  const { type, width, height } = head
  return { meta: { type }, bytes: stripMetadata(bytes, head), pixels: width * height }
}
