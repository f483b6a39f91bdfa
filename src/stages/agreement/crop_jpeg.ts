/**
 * Whether a crop is a JPEG as nodes write them. A JPEG made to be slow to decode is none: it must
 * have the pixels of its place, in one scan.
 *
 * @module
 */

const START = 0xd8
const END = 0xd9
const SCAN = 0xda
/** Sequential, eight bits a sample; the second has larger tables of quality. */
const FRAMES = [0xc0, 0xc1]
/** JFIF, tables of quality, tables of codes. */
const OTHERS = [0xe0, 0xdb, 0xc4]
const COMPONENTS = 3
const MOST_SEGMENTS = 16

/** The fault of a JPEG, in words; undefined for a sound one of this size. */
export function jpegFault(bytes: Uint8Array, width: number, height: number): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 4 || view.getUint16(0) !== 0xff00 + START) return 'a crop that is no JPEG'
  let framed = false
  let at = 2
  for (let segments = 0; segments < MOST_SEGMENTS && at + 4 <= bytes.length; segments++) {
    const marker = view.getUint16(at) - 0xff00
    const end = at + 2 + view.getUint16(at + 2)
    if (marker === SCAN && framed) return endsAfter(bytes, end) ? undefined : 'a JPEG of more scans'
    if (FRAMES.includes(marker) && !framed) {
      if (at + 10 + 3 * COMPONENTS > bytes.length) break
      const size = [view.getUint16(at + 7), view.getUint16(at + 5)]
      if (size[0] !== width || size[1] !== height) {
        return `a crop of ${size[0]}x${size[1]} pixels that is to have ${width}x${height}`
      }
      if (bytes[at + 4] !== 8 || bytes[at + 9] !== COMPONENTS) break
      // How many samples a component has for each of the coarsest: more are more to decode.
      const samples = [11, 14, 17].map((from) => bytes[at + from]!)
      if (!samples.every((one) => [0x11, 0x12, 0x21, 0x22].includes(one))) break
      framed = true
    } else if (!OTHERS.includes(marker)) break
    at = end
  }
  return 'a JPEG as no node writes it'
}

/** Whether coded data goes on to the end of the file, and no further. */
function endsAfter(bytes: Uint8Array, from: number): boolean {
  const last = bytes.length - 2
  for (let at = from; at < last; at++) if (bytes[at] === 0xff && bytes[at + 1] !== 0) return false
  return last >= from && bytes[last] === 0xff && bytes[last + 1] === END
}
