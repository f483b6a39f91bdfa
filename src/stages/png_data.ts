/**
 * Whether a PNG's data ends with its pixels. The decoder unpacks all that is there, a mebibyte to a
 * thousand: with a tiny picture, too, a slot could be kept busy until its worker is given up.
 *
 * @module
 */
import { chunkName } from '../pipeline/png_orientation.ts'

const DATA = chunkName('IDAT')
/** Deflate expands one byte to at most this many. */
const MOST_OF_ONE = 1032
/** Bytes tolerated beyond the pixels: as many as the largest accepted picture has. */
const LET_BE_BYTES = 400_000_000
/** The output of one piece may be in memory at once. */
const PIECE_BYTES = 2 ** 14

/** @param bytes a whole file, whose first chunk tells its size */
export async function goesBeyondPixels(bytes: Uint8Array): Promise<boolean> {
  if (bytes.length * MOST_OF_ONE <= LET_BE_BYTES) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // At most eight bytes a pixel; and of each row, which interlacing makes four of, a byte that tells
  // how it is filtered, and one that is begun.
  const pixelBytes = view.getUint32(20) * (8 * view.getUint32(16) + 8)
  const data = dataOf(bytes, view)
  let at = 0
  const pieces = new ReadableStream<BufferSource>({
    pull(controller) {
      controller.enqueue(data.slice(at, at += PIECE_BYTES))
      if (at >= data.length) controller.close()
    },
  })
  const reader = pieces.pipeThrough(new DecompressionStream('deflate')).getReader()
  try {
    let unpacked = 0
    while (unpacked + (data.length - at) * MOST_OF_ONE > pixelBytes + LET_BE_BYTES) {
      const { done, value } = await reader.read()
      if (done) return false
      unpacked += value.length
      if (unpacked > pixelBytes) return true
    }
    return false
  } catch {
    // The decoder finds damage before that.
    return false
  } finally {
    reader.cancel().catch(() => {})
  }
}

/** Of all chunks in one piece: there may be a million. */
function dataOf(bytes: Uint8Array, view: DataView): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(bytes.length)
  let size = 0
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 12 + view.getUint32(at)
    if (view.getUint32(at + 4) === DATA) {
      data.set(bytes.subarray(at + 8, end - 4), size)
      size += end - at - 12
    }
    at = end
  }
  return data.subarray(0, size)
}
