/**
 * PNGs whose EXIF says which way up they are.
 *
 * @module
 */
import { crc32, deflateSync } from 'node:zlib'

const u16 = (n: number) => [n >> 8, n & 255]
const u32 = (n: number) => [n >>> 24, n >>> 16 & 255, n >>> 8 & 255, n & 255]

export function chunk(name: string, body: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const named = Uint8Array.from([...new TextEncoder().encode(name), ...Array.from(body)])
  return Uint8Array.from([...u32(body.length), ...named, ...u32(crc32(named))])
}

/** A TIFF that tells first something else, then the orientation. */
export function tiff(orientation: number, little: boolean, secret = ''): number[] {
  const n16 = (n: number) => little ? u16(n).reverse() : u16(n)
  const n32 = (n: number) => little ? u32(n).reverse() : u32(n)
  const text = [...new TextEncoder().encode(`${secret}\0`)]
  return [
    ...[...new TextEncoder().encode(little ? 'II' : 'MM'), ...n16(42), ...n32(8), ...n16(2)],
    ...[...n16(0x10e), ...n16(2), ...n32(text.length), ...n32(38)],
    ...[...n16(0x112), ...n16(3), ...n32(1), ...n16(orientation), ...n16(0)],
    ...[...n32(0), ...text],
  ]
}

/** @param data RGBA, the first row of pixels as stored first */
export function pngOf(
  { width, height, data }: { width: number; height: number; data: ArrayLike<number> },
  beforePixels: Uint8Array[] = [],
  afterPixels: Uint8Array[] = [],
): Uint8Array<ArrayBuffer> {
  const rows = Array.from({ length: height }, (_, y) => [
    0,
    ...Array.from(data).slice(4 * y * width, 4 * (y + 1) * width),
  ])
  const parts = [
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10),
    chunk('IHDR', [...u32(width), ...u32(height), 8, 6, 0, 0, 0]),
    ...beforePixels,
    chunk('IDAT', deflateSync(Uint8Array.from(rows.flat()))),
    ...afterPixels,
    chunk('IEND', []),
  ]
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}
