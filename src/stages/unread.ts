/**
 * What sound picture files may be that the decoders here do not read.
 *
 * @module
 */
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

/** Frame headers: baseline, extended, progressive. */
const FRAMES = [0xc0, 0xc1, 0xc2]

/** Of a JPEG's frame header, which comes before any coded data. */
function colourCount(bytes: Uint8Array): number | undefined {
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1]!
    if (marker === 0xff) {
      at++
      continue
    }
    if (FRAMES.includes(marker)) return bytes[at + 9]
    at += 2 + bytes[at + 2]! * 256 + bytes[at + 3]!
  }
  return undefined
}

/** By the flags of an extended WebP: `VP8X`, its length, and they. */
const isAnimated = (bytes: Uint8Array): boolean =>
  String.fromCharCode(...bytes.subarray(12, 16)) === 'VP8X' && (bytes[20]! & 0x02) !== 0
