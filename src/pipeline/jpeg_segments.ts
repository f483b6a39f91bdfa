/**
 * The segments of a JPEG, from its start to its end, for those who look at what it is made of and not
 * at its pixels (ITU-T T.81, annex B).
 *
 * @module
 */

export const JPEG = {
  /** Start and end of the file. */
  start: 0xd8,
  end: 0xd9,
  quantisation: 0xdb,
  huffman: 0xc4,
  restarts: 0xdd,
  scan: 0xda,
  /** No marker: the coded data of a scan, which follows it. */
  data: 0x00,
  /** Of programs: the first of sixteen; JFIF, Exif and Adobe write theirs under these. */
  app0: 0xe0,
  app1: 0xe1,
  app14: 0xee,
  app15: 0xef,
  comment: 0xfe,
  /** Tell a decoder of Huffman codes, and of pictures whose height is known, nothing. */
  arithmetic: 0xcc,
  lines: 0xdc,
} as const

/** Frames that browsers decode: baseline, extended, progressive. */
export const JPEG_FRAMES: readonly number[] = [0xc0, 0xc1, 0xc2]

/**
 * Those that are sharpened step by step have some ten scans. Each goes over all pixels, however few
 * bytes it has: two kilobytes could keep whoever decodes them busy for half a minute. All together may
 * go over so many pixels: sixteen times over those of the largest picture that is taken.
 */
const MAX_SCANS = 100
const MAX_SCANNED_PIXELS = 800_000_000

export const mostScans = (pixels: number): number =>
  Math.min(MAX_SCANS, Math.floor(MAX_SCANNED_PIXELS / pixels))

export const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === JPEG.start

export interface JpegSegment {
  marker: number
  /** Where it starts, its marker first. */
  at: number
  /** Where starts what follows its marker and its length. */
  body: number
  end: number
}

/**
 * One after the other; what is none is passed over, as decoders do. The last is the end of the file,
 * unless that is cut short.
 *
 * @param bytes a file that starts as a JPEG
 */
export function* jpegSegments(bytes: Uint8Array): Generator<JpegSegment> {
  for (let at = nextMarker(bytes, 2); at < bytes.length;) {
    const marker = bytes[at + 1]!
    const isAlone = marker === JPEG.start || marker === JPEG.end
    const body = isAlone ? at + 2 : at + 4
    const end = isAlone ? body : at + 2 + (bytes[at + 2] ?? 0) * 256 + (bytes[at + 3] ?? 0)
    if (end < body || end > bytes.length) return
    yield { marker, at, body, end }
    if (marker === JPEG.end) return
    at = nextMarker(bytes, end)
    if (marker === JPEG.scan) yield { marker: JPEG.data, at: end, body: end, end: at }
  }
}

/** Looked at one by one, as far as is quicker than to begin a search: in a file made to be slow. */
const NEAR_BYTES = 32

/** Where the next one stands, those among coded data passed over; the file's end where none does. */
function nextMarker(bytes: Uint8Array, from: number): number {
  const last = bytes.length - 1
  let at = from
  while (at < last) {
    const near = Math.min(at + NEAR_BYTES, last)
    while (at < near && bytes[at] !== 0xff) at++
    if (bytes[at] !== 0xff) {
      at = bytes.indexOf(0xff, at)
      if (at < 0) break
    }
    const marker = bytes[at + 1]
    // What is 0xff twice fills up before a marker.
    if (marker === 0xff) at++
    else if (marker === undefined || !isBare(marker)) break
    else at += 2
  }
  return at >= 0 && at < last ? at : bytes.length
}

/** Of markers that no length follows: those that stand among coded data. */
const isBare = (marker: number): boolean =>
  marker === 0x00 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)
