/**
 * What the segments before the pixels of a JPEG say, without what makes them many: a file may have
 * them by the million, and whoever looks at each of them is busy for seconds.
 *
 * @module
 */
import { tiffOrientation } from '../pipeline/png_orientation.ts'

/** Cameras and programs write some hundreds at most: profiles and maps of depth come in pieces. */
const MAX_SEGMENTS = 1000
/** Frames that browsers decode: baseline, extended, progressive. */
const FRAMES = [0xc0, 0xc1, 0xc2]
const PIXELS = 0xda
const APP1 = 0xe1
/** `Exif`, as the number that its bytes make; two zeros follow. */
const EXIF = 0x45786966

export const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8

/** Of markers that no length follows. */
export const isBare = (marker: number): boolean =>
  marker === 0x00 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)

export interface JpegHead {
  /** As stored. */
  width: number
  height: number
  /** 1 to 8, where there is EXIF. */
  orientation?: number
}

/** `undefined` where there is no frame header, or none within as many segments as a picture has. */
export function jpegHead(bytes: Uint8Array): JpegHead | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let size: JpegHead | undefined
  let orientation: number | undefined
  let at = 2
  for (let segments = 0; segments < MAX_SEGMENTS; segments++) {
    // What is not a marker is passed over, as decoders do, and so is what fills up before one.
    at = bytes.indexOf(0xff, at)
    if (at < 0) break
    while (bytes[at + 1] === 0xff) at++
    if (at + 4 > bytes.length) break
    const marker = bytes[at + 1]!
    if (isBare(marker)) {
      at += 2
      continue
    }
    if (marker === PIXELS) break
    const end = at + 2 + view.getUint16(at + 2)
    if (FRAMES.includes(marker) && at + 9 <= bytes.length) {
      size ??= { height: view.getUint16(at + 5), width: view.getUint16(at + 7) }
    }
    // Of several the first counts, as decoders and browsers have it.
    if (marker === APP1 && end >= at + 10 && end <= bytes.length) {
      if (view.getUint32(at + 4) === EXIF) {
        orientation ??= tiffOrientation(bytes.subarray(at + 10, end))
      }
    }
    at = end
  }
  return size && { ...size, ...orientation === undefined ? {} : { orientation } }
}
