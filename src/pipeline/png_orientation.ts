/**
 * Which way up a PNG is, as its `eXIf` chunk says (PNG, third edition); viewers turn such pictures.
 *
 * As browsers have it, a chunk counts that is whole and comes before the pixels.
 *
 * @module
 */

/** A chunk's name as the number that its bytes make. */
export const chunkName = (name: string): number =>
  new DataView(new TextEncoder().encode(name).buffer).getUint32(0)

const EXIF = chunkName('eXIf')
const PIXELS = chunkName('IDAT')
const ORIENTATION = 0x112
const SHORT = 3
/** No JPEG has room for more; the sum of a chunk is taken of all of it. */
const MAX_EXIF_BYTES = 0xffff
/** Big-endian TIFF, whose one directory has one entry, one SHORT. */
export const orientationTiff = (orientation: number): number[] => [
  ...[0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8, 0, 1],
  ...[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0],
  ...[0, 0, 0, 0],
]

/** @returns as EXIF has it, 1 to 8; 1 where nothing is said */
export function pngOrientation(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 8; at + 12 <= bytes.length;) {
    const name = view.getUint32(at + 4)
    const end = at + 12 + view.getUint32(at)
    if (name === PIXELS || end > bytes.length) break
    if (name === EXIF) {
      if (end - at - 12 > MAX_EXIF_BYTES) return 1
      const isWhole = crc32(bytes.subarray(at + 4, end - 4)) === view.getUint32(end - 4)
      return isWhole ? tiffOrientation(bytes.subarray(at + 8, end - 4)) : 1
    }
    at = end
  }
  return 1
}

/** A chunk that tells the orientation and nothing else. */
export const exifChunk = (orientation: number): Uint8Array =>
  pngChunk(EXIF, orientationTiff(orientation))

/** A chunk with its length before it and its sum behind it. */
export function pngChunk(name: number, body: ArrayLike<number>): Uint8Array {
  const chunk = new Uint8Array(body.length + 12)
  const view = new DataView(chunk.buffer)
  view.setUint32(0, body.length)
  view.setUint32(4, name)
  chunk.set(body, 8)
  view.setUint32(body.length + 8, crc32(chunk.subarray(4, body.length + 8)))
  return chunk
}

/** What EXIF says, be it of a PNG or of a JPEG; 1 where it says nothing. */
export function tiffOrientation(tiff: Uint8Array): number {
  if (tiff.length < 8) return 1
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength)
  const order = view.getUint16(0)
  const little = order === 0x4949
  if (!little && order !== 0x4d4d) return 1
  const directory = view.getUint32(4, little)
  if (view.getUint16(2, little) !== 42 || directory + 2 > tiff.length) return 1
  const count = view.getUint16(directory, little)
  for (let i = 0; i < count; i++) {
    const at = directory + 2 + 12 * i
    if (at + 12 > tiff.length) break
    if (view.getUint16(at, little) !== ORIENTATION) continue
    const value = view.getUint16(at + 8, little)
    return view.getUint16(at + 2, little) === SHORT && value >= 1 && value <= 8 ? value : 1
  }
  return 1
}

/** Without a table: what it is taken of is small. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : crc >>> 1 ^ 0xedb88320
  }
  return ~crc >>> 0
}
