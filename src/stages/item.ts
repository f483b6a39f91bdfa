/**
 * Reading the pictures that items carry.
 *
 * @module
 */
import type { ImageCodecs, ItemResult, Picture, StageItem } from './types.ts'
import { pictureHead } from '../pipeline/picture_head.ts'
import { CodecUnavailableError, PictureTooLargeError } from './picture_error.ts'
import { flattenOnWhite } from './flatten.ts'

/**
 * Decodes an item: a file (`meta.type` a media type), or a crop (`meta.format` `rgb` or `jpeg`).
 *
 * Transparency is laid on white. RGB bytes are used in place, not copied.
 *
 * @throws Error when the bytes are not what `meta` says
 */
export async function pictureOf(item: StageItem, codecs: ImageCodecs): Promise<Picture> {
  const { type, format, width, height } = item.meta
  if (format === 'rgb') {
    if (
      !Number.isInteger(width) || !Number.isInteger(height) || Number(width) < 1 ||
      item.bytes.length !== Number(width) * Number(height) * 3
    ) {
      throw new RangeError(
        `Cannot use an RGB crop: received ${item.bytes.length} bytes for ${width}x${height}`,
      )
    }
    return { width: Number(width), height: Number(height), channels: 3, data: item.bytes }
  }
  if (format === 'jpeg') {
    // The node that cut it out is not trusted: a crop larger than declared would be costly to
    // decode.
    const head = pictureHead(item.bytes)
    if (head?.width !== width || head?.height !== height) {
      throw new RangeError(
        `Cannot use a JPEG crop: it is of ${head?.width}x${head?.height} pixels, not ${width}x${height}`,
      )
    }
  }
  const media = format === 'jpeg' ? 'image/jpeg' : type
  if (media !== 'image/jpeg' && media !== 'image/png' && media !== 'image/webp') {
    throw new TypeError(`Cannot decode a picture: received type ${JSON.stringify(media ?? null)}`)
  }
  return flattenOnWhite(await codecs.decode(media, item.bytes))
}

/**
 * The result of an item whose picture could not be had.
 *
 * @throws the error itself where no picture could be: the item is not to blame then
 */
export function invalidInput(error: unknown): ItemResult {
  if (error instanceof CodecUnavailableError) throw error
  const message = error instanceof Error ? error.message : String(error)
  const reason = error instanceof PictureTooLargeError ? 'too_large' : 'invalid_input'
  return { ok: false, reason, message }
}
