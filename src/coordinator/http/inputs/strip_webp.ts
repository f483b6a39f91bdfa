/**
 * A WebP reduced to its pixels, and to its transparency where that has a chunk of its own.
 *
 * @module
 */
import { chunkName } from '../../../pipeline/png_orientation.ts'
import { ApiError } from '../../core/api_error.ts'
import { createPieces } from './pieces.ts'

/** Cameras and programs write a few. */
const MAX_CHUNKS = 10_000

const RIFF = chunkName('RIFF')
const WEBP = chunkName('WEBP')
const EXTENDED = chunkName('VP8X')
const ALPHA = chunkName('ALPH')
const LOSSY = chunkName('VP8 ')
const LOSSLESS = chunkName('VP8L')
const HEAD_BYTES = 12
/** Bytes of the first chunk of an extended file. */
const EXTENDED_BYTES = 10
const HAS_ALPHA = 0x10
const IS_ANIMATION = 0x02

/**
 * @param bytes a file that starts as a WebP
 * @throws ApiError `invalid_input` for a file that is not understood to its end
 */
export function stripWebp(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fileEnd = 8 + view.getUint32(4, true)
  if (fileEnd > bytes.length) fail('it is cut short or damaged')
  const kept = createPieces(bytes)
  let isExtended = false
  let hasAlpha = false
  let chunks = 0
  for (let at = HEAD_BYTES; at + 8 <= fileEnd;) {
    if (++chunks > MAX_CHUNKS) fail('it is in too many chunks')
    const name = view.getUint32(at)
    const size = view.getUint32(at + 4, true)
    const end = at + 8 + size + (size & 1)
    if (end > fileEnd) break
    if (name === LOSSY || name === LOSSLESS) {
      kept.keep(at, end)
      // Chunks behind the pixels are no part of the picture.
      return kept.joined([headOf(kept.bytes)])
    }
    if (name === EXTENDED && at === HEAD_BYTES) {
      if (size < EXTENDED_BYTES) fail('its head is damaged')
      if ((bytes[at + 8]! & IS_ANIMATION) !== 0) fail('it is an animation: send a picture of it')
      isExtended = true
      kept.replace(at, end, extendedOf(bytes.subarray(at + 8, at + 8 + EXTENDED_BYTES)))
    } else if (name === ALPHA && isExtended && !hasAlpha) {
      hasAlpha = true
      kept.keep(at, end)
    }
    at = end
  }
  return fail('it is cut short or damaged')
}

/** The head of a file with this many bytes of chunks. */
function headOf(chunkBytes: number): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES)
  const view = new DataView(head.buffer)
  view.setUint32(0, RIFF)
  view.setUint32(4, 4 + chunkBytes, true)
  view.setUint32(8, WEBP)
  return head
}

/** The first chunk of an extended file, reduced to transparency and size. */
function extendedOf(original: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(8 + EXTENDED_BYTES)
  const view = new DataView(chunk.buffer)
  view.setUint32(0, EXTENDED)
  view.setUint32(4, EXTENDED_BYTES, true)
  chunk[8] = original[0]! & HAS_ALPHA
  chunk.set(original.subarray(4), 12)
  return chunk
}

function fail(why: string): never {
  throw new ApiError('invalid_input', `Cannot use the WebP: ${why}`)
}
