/**
 * Takes the metadata out of a picture: place, time, device, names, comments, thumbnails. Nodes are
 * strangers, and read pixels only.
 *
 * Allow-list: only segments that decoders need pass. Pixels stay what they are: a JPEG and a PNG
 * keep their orientation. A file that is not understood to its end is refused: its rest may hold
 * anything.
 *
 * Data that is written into the coded pixels themselves stays.
 *
 * @module
 */
import type { PictureHead } from '../../../pipeline/picture_head.ts'
import { stripJpeg } from './strip_jpeg.ts'
import { stripPng } from './strip_png.ts'
import { stripWebp } from './strip_webp.ts'

/**
 * @throws ApiError `invalid_input` for a file that is damaged, cut short, or too costly to decode
 */
export function stripMetadata(bytes: Uint8Array, head: PictureHead): Uint8Array {
  if (head.type === 'image/jpeg') {
    return stripJpeg(bytes, head.width * head.height, head.orientation)
  }
  return head.type === 'image/png' ? stripPng(bytes) : stripWebp(bytes)
}
