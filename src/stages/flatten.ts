import type { Picture } from './types.ts'

/** Lays an RGBA picture on white, in place, as paper would show it. Opaque pictures stay as they are. */
export function flattenOnWhite(picture: Picture): Picture {
  if (picture.channels !== 4) return picture
  const { data } = picture
  for (let p = 3; p < data.length; p += 4) {
    const alpha = data[p]!
    if (alpha === 255) continue
    const white = 255 - alpha
    for (let c = p - 3; c < p; c++) data[c] = (data[c]! * alpha + 255 * white + 127) / 255 | 0
    data[p] = 255
  }
  return picture
}
