/**
 * Whether picture files are whole. Decoders are lenient: a cut JPEG decodes to a grey half.
 *
 * @module
 */

export type PictureType = 'image/png' | 'image/jpeg' | 'image/webp'

/** Whether bytes start as, and are not cut short of, a file of that type. Pixels are not checked. */
export function isWholeFile(type: PictureType, bytes: Uint8Array): boolean {
  if (type === 'image/jpeg') return isWholeJpeg(bytes)
  if (type === 'image/png') return isWholePng(bytes)
  return isWholeWebp(bytes)
}

/** Walks markers to the end of image; what follows it (cameras append data) does not matter. */
function isWholeJpeg(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return false
  let at = 2
  while (at + 1 < bytes.length) {
    if (bytes[at] !== 0xff) {
      // Coded data: on to the next marker.
      at = bytes.indexOf(0xff, at)
      if (at < 0) return false
      continue
    }
    const marker = bytes[at + 1]!
    if (marker === 0xd9) return true
    const bare = marker === 0x00 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)
    if (marker === 0xff) at += 1
    else if (bare) at += 2
    else {
      const length = (bytes[at + 2] ?? 0) * 256 + (bytes[at + 3] ?? 0)
      if (length < 2) return false
      at += 2 + length
    }
  }
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
