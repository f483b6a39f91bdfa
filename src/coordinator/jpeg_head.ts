/**
 * The head of a JPEG, without what makes it long: a file may have segments by the million before it
 * tells its size, and whoever looks at each of them is busy for seconds.
 *
 * @module
 */

/** Cameras and programs write some hundreds at most: profiles and maps of depth come in pieces. */
const MAX_SEGMENTS = 1000
/** The start, and a segment of nothing: readers take the first for what it mostly is. */
const START = [0xff, 0xd8, 0xff, 0xe0, 0, 2]
/** Frames that browsers decode: baseline, extended, progressive. */
const FRAMES = [0xc0, 0xc1, 0xc2]
const APP1 = 0xe1
/** `Exif`, as the number that its bytes make. */
const EXIF = 0x45786966

export const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8

/** Of markers that no length follows. */
export const isBare = (marker: number): boolean =>
  marker === 0x00 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)

/**
 * A JPEG of its EXIF and its frame header alone; `undefined` where there is no frame header, or none
 * within as many segments as a picture has.
 */
export function jpegHead(bytes: Uint8Array): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let exif = bytes.subarray(0, 0)
  let at = 2
  for (let segments = 0; segments < MAX_SEGMENTS; segments++) {
    // What is not a marker is passed over, as decoders do, and so is what fills up before one.
    at = bytes.indexOf(0xff, at)
    if (at < 0) return undefined
    while (bytes[at + 1] === 0xff) at++
    if (at + 4 > bytes.length) return undefined
    const marker = bytes[at + 1]!
    if (isBare(marker)) {
      at += 2
      continue
    }
    const end = at + 2 + view.getUint16(at + 2)
    if (FRAMES.includes(marker)) return joined(START, exif, bytes.subarray(at, end))
    if (marker === APP1 && end >= at + 8 && end <= bytes.length) {
      if (view.getUint32(at + 4) === EXIF) exif = bytes.subarray(at, end)
    }
    at = end
  }
  return undefined
}

function joined(...parts: ArrayLike<number>[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
