/**
 * A picture without what it says of whoever took or made it: place, time, device, names, comments,
 * thumbnails, what cameras append. Nodes are strangers, and read pixels only.
 *
 * Not what is known to tell something is taken out, but what pixels are made of is let through, as
 * long as its standard has it. Pixels stay what they are: a JPEG and a PNG keep their orientation. A
 * file that is not understood to its end is refused: what stands in the rest of it is not known.
 *
 * What is written among the coded pixels themselves stays, as what they show does.
 *
 * @module
 */
import type { PictureHead } from '../../../pipeline/picture_head.ts'
import { stripJpeg } from './strip_jpeg.ts'
import { stripPng } from './strip_png.ts'
import { stripWebp } from './strip_webp.ts'

/** @throws ApiError `invalid_input` for a file that is damaged, cut short, or too costly to decode */
export function stripMetadata(bytes: Uint8Array, head: PictureHead): Uint8Array {
  if (head.type === 'image/jpeg') {
    return stripJpeg(bytes, head.width * head.height, head.orientation)
  }
  return head.type === 'image/png' ? stripPng(bytes) : stripWebp(bytes)
}
