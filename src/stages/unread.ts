/**
 * What sound picture files may be that the decoders here do not read.
 *
 * @module
 */
import { JPEG, JPEG_FRAMES, jpegSegments } from '../pipeline/jpeg_segments.ts'
import type { PictureType } from './whole_file.ts'

/** Why a whole file that no decoder took may be none that is damaged; nothing where it is. */
export function whyUnread(type: PictureType, bytes: Uint8Array): string | undefined {
  if (type === 'image/jpeg' && colourCount(bytes) === 4) {
    return 'it is in four colours (CMYK): save it in RGB'
  }
  if (type === 'image/webp' && isAnimated(bytes)) {
    return 'it is an animation: send a picture of it'
  }
  return undefined
}

/** Of a JPEG's frame, which comes before any coded data. */
function colourCount(bytes: Uint8Array): number | undefined {
  for (const { marker, body } of jpegSegments(bytes)) {
    if (JPEG_FRAMES.includes(marker)) return bytes[body + 5]
    if (marker === JPEG.scan) break
  }
  return undefined
}

/** By the flags of an extended WebP: `VP8X`, its length, and they. */
const isAnimated = (bytes: Uint8Array): boolean =>
  String.fromCharCode(...bytes.subarray(12, 16)) === 'VP8X' && (bytes[20]! & 0x02) !== 0
