/**
 * What the segments before the pixels of a JPEG say, without what makes them many: a file may have
 * them by the million, and whoever looks at each of them is busy for seconds.
 *
 * @module
 */
import { JPEG, JPEG_FRAMES, jpegSegments } from './jpeg_segments.ts'
import { tiffOrientation } from './png_orientation.ts'

/** Cameras and programs write some hundreds at most: profiles and maps of depth come in pieces. */
const MAX_SEGMENTS = 1000
/** `Exif`, as the number that its bytes make; two zeros follow. */
const EXIF = 0x45786966

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
  let segments = 0
  for (const { marker, body, end } of jpegSegments(bytes)) {
    if (marker === JPEG.scan || ++segments > MAX_SEGMENTS) break
    if (JPEG_FRAMES.includes(marker) && end >= body + 5) {
      size ??= { height: view.getUint16(body + 1), width: view.getUint16(body + 3) }
    }
    // Of several the first counts, as decoders and browsers have it.
    if (marker === JPEG.app1 && end >= body + 6 && view.getUint32(body) === EXIF) {
      orientation ??= tiffOrientation(bytes.subarray(body + 6, end))
    }
  }
  return size && { ...size, ...orientation === undefined ? {} : { orientation } }
}
