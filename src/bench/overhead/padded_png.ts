/** Small pictures that are as long as asked for. @module */

export const PIXEL = Uint8Array.fromBase64(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
)
export const PNG_HEAD = 33

/** A PNG of one pixel, made this long by a chunk of a name that goes on to nodes. */
export function paddedPng(bytes: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(Math.max(bytes, PIXEL.byteLength + 12))
  const chunkBytes = out.byteLength - PIXEL.byteLength
  out.set(PIXEL.subarray(0, PNG_HEAD))
  new DataView(out.buffer).setUint32(PNG_HEAD, chunkBytes - 12)
  out.set(new TextEncoder().encode('tRNS'), PNG_HEAD + 4)
  out.set(PIXEL.subarray(PNG_HEAD), PNG_HEAD + chunkBytes)
  return out
}
