/** A PNG of one pixel, made this long by a chunk of a name that goes on to nodes. @module */

export function paddedPng(bytes: number): Uint8Array {
  const pixel = Uint8Array.fromBase64(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  )
  const headerEnd = 33
  const out = new Uint8Array(Math.max(bytes, pixel.byteLength + 12))
  const chunkBytes = out.byteLength - pixel.byteLength
  out.set(pixel.subarray(0, headerEnd))
  new DataView(out.buffer).setUint32(headerEnd, chunkBytes - 12)
  out.set(new TextEncoder().encode('tRNS'), headerEnd + 4)
  out.set(pixel.subarray(headerEnd), headerEnd + chunkBytes)
  return out
}
