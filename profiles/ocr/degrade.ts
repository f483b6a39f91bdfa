/**
 * What scanners and cameras do to a page: blur and noise.
 *
 * @module
 */
import type { Random } from './random.ts'

/** Blurs RGBA pixels in place: each takes `share` from both neighbours, across and down. */
export function blur(
  data: Uint8ClampedArray,
  width: number,
  height: number,
  share: number,
): void {
  const pass = (count: number, length: number, step: number, stride: number) => {
    for (let line = 0; line < count; line++) {
      for (let c = 0; c < 3; c++) {
        let at = line * stride + c
        let before = data[at]!
        for (let i = 0; i < length; i++, at += step) {
          const own = data[at]!
          const after = i + 1 < length ? data[at + step]! : own
          data[at] = own + share * (before + after - 2 * own)
          before = own
        }
      }
    }
  }
  pass(height, width, 4, width * 4)
  pass(width, height, width * 4, 4)
}

/** Adds normal noise of the given deviation (0..255) to RGBA pixels in place, alike on all channels. */
export function addNoise(data: Uint8ClampedArray, deviation: number, random: Random): void {
  for (let p = 0; p < data.length; p += 4) {
    const shift = random.normal() * deviation
    data[p] = data[p]! + shift
    data[p + 1] = data[p + 1]! + shift
    data[p + 2] = data[p + 2]! + shift
  }
}
