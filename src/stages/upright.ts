/**
 * Pictures turned the way up that their files tell.
 *
 * @module
 */
import type { Picture } from './types.ts'

/** Orientations whose stored rows run from right to left, and whose columns run upwards. */
const FROM_RIGHT = [2, 3, 7, 8]
const FROM_BELOW = [3, 4, 6, 7]
/** From here on, stored rows are columns. */
const FIRST_ON_SIDE = 5

/**
 * @param picture RGBA
 * @param orientation as EXIF has it, 1 to 8
 */
export function upright(picture: Picture, orientation: number): Picture {
  if (orientation === 1) return picture
  const { width: storedWidth, height: storedHeight, data } = picture
  const stored = new Uint32Array(data.buffer, data.byteOffset, storedWidth * storedHeight)
  const fromRight = FROM_RIGHT.includes(orientation)
  const fromBelow = FROM_BELOW.includes(orientation)
  const isOnSide = orientation >= FIRST_ON_SIDE
  const start = (fromRight ? storedWidth - 1 : 0) +
    (fromBelow ? (storedHeight - 1) * storedWidth : 0)
  const along = fromRight ? -1 : 1
  const across = fromBelow ? -storedWidth : storedWidth
  const [width, height] = isOnSide ? [storedHeight, storedWidth] : [storedWidth, storedHeight]
  const [stepX, stepY] = isOnSide ? [across, along] : [along, across]
  const turned = new Uint32Array(stored.length)
  let to = 0
  for (let y = 0; y < height; y++) {
    let from = start + y * stepY
    for (let x = 0; x < width; x++, from += stepX) turned[to++] = stored[from]!
  }
  return { width, height, channels: 4, data: new Uint8Array(turned.buffer) }
}
