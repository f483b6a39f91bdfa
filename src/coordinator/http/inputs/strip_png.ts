/**
 * A PNG reduced to the chunks that its decoder needs for pixels and orientation.
 *
 * @module
 */
import {
  chunkName,
  exifChunk,
  pngChunk,
  pngOrientation,
} from '../../../pipeline/png_orientation.ts'
import { ApiError } from '../../core/api_error.ts'
import { createPieces } from './pieces.ts'

/** Programs write some thousands at most; each takes time to check. */
const MAX_CHUNKS = 100_000

const [HEAD, PALETTE, TRANSPARENCY, DATA, END, EXIF] = [
  'IHDR',
  'PLTE',
  'tRNS',
  'IDAT',
  'IEND',
  'eXIf',
]
  .map(chunkName) as [number, number, number, number, number, number]
const HEAD_BYTES = 13
/** The bit in the names of chunks that a reader may skip. */
const ANCILLARY = 0x20000000

/** Colour types; the others have transparency for each pixel. */
const GREY = 0
const RGB = 2
const INDEXED = 3

/** Chunks that are kept, with the bytes that the standard gives each; further bytes are cut. */
function keptBytes(bitDepth: number, colourType: number): Map<number, number> {
  const kept = new Map([[HEAD, HEAD_BYTES], [DATA, Infinity], [END, 0]])
  if (colourType === INDEXED) {
    kept.set(PALETTE, 3 * 2 ** bitDepth)
    kept.set(TRANSPARENCY, 2 ** bitDepth)
  }
  if (colourType === GREY) kept.set(TRANSPARENCY, 2)
  if (colourType === RGB) kept.set(TRANSPARENCY, 6)
  return kept
}

/**
 * @param bytes a file that starts as a PNG, with the name of its head
 * @throws ApiError `invalid_input` for a file that is not understood to its end
 */
export function stripPng(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 8 + 12 + HEAD_BYTES || view.getUint32(8) !== HEAD_BYTES) {
    fail('its head is damaged')
  }
  const keptOf = keptBytes(bytes[24]!, bytes[25]!)
  let orientation = pngOrientation(bytes)
  const kept = createPieces(bytes)
  kept.keep(0, 8)
  const seen = new Set<number>()
  let chunks = 0
  for (let at = 8; at + 12 <= bytes.length;) {
    if (++chunks > MAX_CHUNKS) fail('it is in too many chunks')
    const length = view.getUint32(at)
    const name = view.getUint32(at + 4)
    const end = at + 12 + length
    if (end > bytes.length) break
    const most = keptOf.get(name)
    if (most !== undefined) {
      if (name !== DATA && seen.has(name)) fail('it has a chunk twice that may be there once')
      seen.add(name)
      if (length <= most) kept.keep(at, end)
      else kept.replace(at, end, pngChunk(name, bytes.subarray(at + 8, at + 8 + most)))
    } else if (name === EXIF && orientation !== 1) {
      kept.replace(at, end, exifChunk(orientation))
      orientation = 1
    } else if ((name & ANCILLARY) === 0 && name !== PALETTE) {
      fail('it has a chunk that is none of a PNG')
    }
    if (name === END) {
      if (!seen.has(DATA)) fail('it has no pixels')
      return kept.joined()
    }
    at = end
  }
  return fail('it is cut short or damaged')
}

function fail(why: string): never {
  throw new ApiError('invalid_input', `Cannot use the PNG: ${why}`)
}
