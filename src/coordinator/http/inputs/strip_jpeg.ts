/**
 * A JPEG reduced to the segments that its decoder needs: frame, tables and scans unchanged; the
 * segments of colour space and orientation are written anew.
 *
 * @module
 */
import {
  JPEG,
  JPEG_FRAMES,
  type JpegSegment,
  jpegSegments,
  mostScans,
} from '../../../pipeline/jpeg_segments.ts'
import { orientationTiff } from '../../../pipeline/png_orientation.ts'
import { ApiError } from '../../core/api_error.ts'
import { createPieces } from './pieces.ts'

/** Cameras and programs write some hundreds; each takes time to check. */
const MAX_SEGMENTS = 100_000

/** JFIF 1.01 without density and thumbnail: its presence declares the colour space. */
const JFIF = Uint8Array.of(
  ...[0xff, JPEG.app0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0],
)
/** Adobe's segment, whose last byte is the colour transform. */
const ADOBE = Uint8Array.of(
  ...[0xff, JPEG.app14, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 0],
)
const TRANSFORM = 11
/** None, YCbCr, YCCK. Decoders take other values for YCbCr. */
const TRANSFORMS = [0, 1, 2]
const adobeOf = (transform: number) =>
  Uint8Array.of(...ADOBE.subarray(0, -1), TRANSFORMS.includes(transform) ? transform : 1)

/** An EXIF segment that holds the orientation alone. */
const exifOf = (orientation: number): Uint8Array =>
  Uint8Array.of(
    ...[0xff, JPEG.app1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0],
    ...orientationTiff(orientation),
  )

const isApp = (marker: number) => marker >= JPEG.app0 && marker <= JPEG.app15
/** Segments of applications, and segments that the decoders here skip. */
const isDropped = (marker: number) =>
  isApp(marker) ||
  ([JPEG.comment, JPEG.arithmetic, JPEG.lines] as readonly number[]).includes(marker)

/**
 * @param pixels width times height in its frame
 * @param orientation orientation in its EXIF: 1 to 8
 * @throws ApiError `invalid_input` for a file that is not understood to its end, or too costly
 */
export function stripJpeg(bytes: Uint8Array, pixels: number, orientation = 1): Uint8Array {
  const kept = createPieces(bytes)
  let hasJfif = false
  let transform: number | undefined
  let frames = 0
  let scans = 0
  let segments = 0
  let marker = 0
  for (const segment of jpegSegments(bytes)) {
    marker = segment.marker
    if (++segments > MAX_SEGMENTS) fail('it has too many segments')
    if (marker === JPEG.data || marker === JPEG.end) {
      kept.keep(segment.at, segment.end)
      continue
    }
    if (isDropped(marker)) {
      // Decoders use the segments before the pixels, of several the last.
      if (scans > 0) continue
      if (startsAs(bytes, segment, JFIF)) hasJfif = true
      if (startsAs(bytes, segment, ADOBE)) transform = bytes[segment.body + TRANSFORM]!
      continue
    }
    if (!isSound(bytes, segment)) fail('it has a segment that is none of a JPEG')
    if (JPEG_FRAMES.includes(marker)) frames++
    if (marker === JPEG.scan) scans++
    kept.keep(segment.at, segment.end)
  }
  if (marker !== JPEG.end) fail('it is cut short or damaged')
  if (frames !== 1 || scans === 0) fail('it has no pixels')
  const most = mostScans(pixels)
  if (scans > most) {
    throw new ApiError(
      'invalid_input',
      `Cannot use a JPEG of so many scans: it has ${scans}, and with its size the most is ${most}`,
    )
  }
  const start = [bytes.subarray(0, 2)]
  if (hasJfif) start.push(JFIF)
  if (transform !== undefined) start.push(adobeOf(transform))
  if (orientation !== 1) start.push(exifOf(orientation))
  return kept.joined(start)
}

/** The position where a table ends; a segment may have several tables. */
const TABLE_ENDS: { readonly [marker: number]: (bytes: Uint8Array, at: number) => number } = {
  // 64 numbers of one byte or two.
  [JPEG.quantisation]: (bytes, at) => at + 1 + 64 * ((bytes[at]! >> 4) + 1),
  // Its kind, the number of codes of each of 16 lengths, and the symbol of each code.
  [JPEG.huffman](bytes, at) {
    let end = at + 17
    for (let i = at + 1; i < at + 17; i++) end += bytes[i] ?? 0
    return end
  },
}

/** Whether a decoder takes a segment for JFIF's or Adobe's. */
function startsAs(bytes: Uint8Array, segment: JpegSegment, made: Uint8Array): boolean {
  const { marker, body, end } = segment
  const name = made.subarray(4, 9)
  return marker === made[1] && end - body >= made.length - 4 &&
    name.every((byte, i) => bytes[body + i] === byte)
}

/** Whether the length of a segment fits its content: decoders here take no other. */
function isSound(bytes: Uint8Array, { marker, body, end }: JpegSegment): boolean {
  const length = end - body
  if (JPEG_FRAMES.includes(marker)) return length === 6 + 3 * bytes[body + 5]!
  if (marker === JPEG.scan) return length === 4 + 2 * bytes[body]!
  if (marker === JPEG.restarts) return length === 2
  const tableEnd = TABLE_ENDS[marker]
  if (tableEnd === undefined) return false
  let at = body
  while (at < end) at = tableEnd(bytes, at)
  return at === end
}

function fail(why: string): never {
  throw new ApiError('invalid_input', `Cannot use the JPEG: ${why}`)
}
