/**
 * A picture without what it says of whoever took or made it: place, time, device, names, comments,
 * thumbnails, what cameras append. Nodes are strangers, and read pixels only.
 *
 * Pixels stay what they are: a JPEG and a PNG keep their orientation. A file whose structure is not understood
 * goes on as it came, and the node that decodes it says what is wrong.
 *
 * @module
 */
import {
  chunkName,
  exifChunk,
  orientationTiff,
  pngOrientation,
} from '../pipeline/png_orientation.ts'
import { ApiError } from './api_error.ts'
import { isBare } from './jpeg_head.ts'
import type { PictureType } from './picture.ts'

/** Stretches that are kept; pictures have some dozens, and each takes memory of its own. */
const MAX_PARTS = 10_000

/**
 * @param orientation of a JPEG, as its EXIF has it: 1 to 8
 * @throws ApiError `invalid_input` for a file in more pieces, or scans, than any picture is
 */
export function stripMetadata(
  type: PictureType,
  bytes: Uint8Array,
  orientation: number | undefined,
): Uint8Array {
  const parts = type === 'image/jpeg'
    ? jpegParts(bytes, orientation)
    : type === 'image/png'
    ? pngParts(bytes)
    : webpParts(bytes)
  if (parts === undefined) return bytes
  const size = parts.reduce((sum, part) => sum + part.byteLength, 0)
  if (size === bytes.byteLength) return bytes
  const out = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.byteLength
  }
  if (type === 'image/webp') new DataView(out.buffer).setUint32(4, size - 8, true)
  return out
}

function keep(parts: Uint8Array[], bytes: Uint8Array, from: number, end: number): void {
  if (from >= end) return
  if (parts.length === MAX_PARTS) {
    throw new ApiError('invalid_input', 'Cannot use a picture in so many pieces: save it anew')
  }
  parts.push(bytes.subarray(from, end))
}

const COMMENT = 0xfe
const SCAN = 0xda
/**
 * Of a JPEG; those that are sharpened step by step have some ten. Each goes over all pixels, however
 * few bytes it has: a small file could keep whoever decodes it busy for hours.
 */
const MAX_SCANS = 100
/** JFIF, and Adobe's word on colours, without which some decode to others. */
const KEPT_APPS = [0xe0, 0xee]

function jpegParts(bytes: Uint8Array, orientation: number | undefined): Uint8Array[] | undefined {
  // The start alone comes first, so that an orientation can follow it.
  const parts = [bytes.subarray(0, 2)]
  let from = 2
  let at = 2
  let scans = 0
  while (at + 1 < bytes.length) {
    if (bytes[at] !== 0xff) {
      // Coded data: on to the next marker.
      at = bytes.indexOf(0xff, at)
      if (at < 0) return undefined
      continue
    }
    const marker = bytes[at + 1]!
    if (marker === 0xd9) {
      parts.push(bytes.subarray(from, at + 2))
      if (orientation !== undefined && orientation !== 1) parts.splice(1, 0, exifOf(orientation))
      return parts
    }
    if (marker === 0xff) at += 1
    else if (isBare(marker)) at += 2
    else {
      const end = at + 2 + (bytes[at + 2] ?? 0) * 256 + (bytes[at + 3] ?? 0)
      const isApp = marker >= 0xe0 && marker <= 0xef && !KEPT_APPS.includes(marker)
      if (isApp || marker === COMMENT) {
        keep(parts, bytes, from, at)
        from = end
      }
      if (marker === SCAN && ++scans > MAX_SCANS) {
        throw new ApiError('invalid_input', 'Cannot use a JPEG of so many scans: save it anew')
      }
      at = end
    }
  }
  return undefined
}

/** An EXIF segment that tells the orientation and nothing else. */
const exifOf = (orientation: number): Uint8Array =>
  Uint8Array.of(
    ...[0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0],
    ...orientationTiff(orientation),
  )

/** Besides the critical ones, those that change pixels. */
const KEPT_CHUNKS = ['tRNS', 'gAMA', 'cHRM', 'sRGB', 'sBIT'].map(chunkName)
const EXIF_CHUNK = chunkName('eXIf')
const LAST_CHUNK = chunkName('IEND')
/** Set in the names of chunks that a reader may pass over. */
const ANCILLARY = 0x20000000

function pngParts(bytes: Uint8Array): Uint8Array[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts: Uint8Array[] = []
  let orientation = pngOrientation(bytes)
  let from = 0
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 12 + view.getUint32(at)
    if (end > bytes.length) return undefined
    const name = view.getUint32(at + 4)
    if ((name & ANCILLARY) !== 0 && !KEPT_CHUNKS.includes(name)) {
      keep(parts, bytes, from, at)
      from = end
      if (name === EXIF_CHUNK && orientation !== 1) {
        parts.push(exifChunk(orientation))
        orientation = 1
      }
    }
    if (name === LAST_CHUNK) {
      parts.push(bytes.subarray(from, end))
      return parts
    }
    at = end
  }
  return undefined
}

/** Pixels, transparency, animation. */
const KEPT_RIFF = ['VP8 ', 'VP8L', 'ALPH', 'ANIM', 'ANMF'].map(chunkName)
const EXTENDED = chunkName('VP8X')
/** Bits of VP8X that say that a colour profile, EXIF or XMP is there. */
const TELLS_OF_THEM = 0x20 | 0x08 | 0x04

function webpParts(bytes: Uint8Array): Uint8Array[] | undefined {
  if (bytes.length < 12) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fileEnd = 8 + view.getUint32(4, true)
  if (fileEnd > bytes.length) return undefined
  const parts: Uint8Array[] = []
  let from = 0
  let at = 12
  while (at + 8 <= fileEnd) {
    const size = view.getUint32(at + 4, true)
    const end = at + 8 + size + (size & 1)
    if (end > fileEnd) return undefined
    const name = view.getUint32(at)
    if (!KEPT_RIFF.includes(name)) {
      keep(parts, bytes, from, at)
      from = end
      if (name === EXTENDED) {
        const bare = bytes.slice(at, end)
        bare[8]! &= ~TELLS_OF_THEM
        keep(parts, bare, 0, bare.length)
      }
    }
    at = end
  }
  keep(parts, bytes, from, at)
  return parts
}
