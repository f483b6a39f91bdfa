/**
 * Whether picture files are whole. Decoders are lenient: a cut JPEG decodes to a grey half.
 *
 * @module
 */
import { isJpeg, JPEG, jpegSegments } from '../pipeline/jpeg_segments.ts'
import type { PictureType } from '../pipeline/picture_head.ts'

export type { PictureType }

/** Whether bytes start as, and are not cut short of, a file of that type. Pixels are not checked. */
export function isWholeFile(type: PictureType, bytes: Uint8Array): boolean {
  if (type === 'image/jpeg') return isWholeJpeg(bytes)
  if (type === 'image/png') return isWholePng(bytes)
  return isWholeWebp(bytes)
}

/** Walks segments to the end of the image; what follows it (cameras append data) does not matter. */
function isWholeJpeg(bytes: Uint8Array): boolean {
  if (!isJpeg(bytes)) return false
  for (const { marker } of jpegSegments(bytes)) if (marker === JPEG.end) return true
  return false
}

/** Walks chunks to IEND. */
function isWholePng(bytes: Uint8Array): boolean {
  const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
  if (signature.some((byte, i) => bytes[i] !== byte)) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 8
  while (at + 12 <= bytes.length) {
    const length = view.getUint32(at)
    const end = at + 12 + length
    if (end > bytes.length) return false
    if (view.getUint32(at + 4) === 0x49454e44) return true
    at = end
  }
  return false
}

/** The RIFF header says how long the file is. */
function isWholeWebp(bytes: Uint8Array): boolean {
  if (bytes.length < 12) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return view.getUint32(0) === 0x52494646 && view.getUint32(8) === 0x57454250 &&
    view.getUint32(4, true) + 8 <= bytes.length
}
