/**
 * Turned rectangles: where a line of text stands on a picture.
 *
 * @module
 */
import { runOf } from '../documents/layout/lines.ts'

export type Point = [x: number, y: number]

/**
 * A rectangle around text, in pixels with y downwards.
 *
 * `width` runs along the text, `height` across it; `angle` is the reading direction in radians,
 * 0 to the right, pi/2 downwards.
 */
export interface TextBox {
  cx: number
  cy: number
  width: number
  height: number
  angle: number
}

/** Corners clockwise from the top left of the text as one reads it. */
export function cornersOf(box: TextBox): [Point, Point, Point, Point] {
  const cos = Math.cos(box.angle)
  const sin = Math.sin(box.angle)
  const at = (u: number, v: number): Point => {
    return [box.cx + u * cos - v * sin, box.cy + u * sin + v * cos]
  }
  const u = box.width / 2
  const v = box.height / 2
  return [at(-u, -v), at(u, -v), at(u, v), at(-u, v)]
}

/** The box whose corners, clockwise from the top left of the text, are given. */
export function boxOfCorners(corners: readonly Point[]): TextBox {
  const [a, b, c, d] = corners
  if (a === undefined || b === undefined || c === undefined || d === undefined) {
    throw new RangeError(`Cannot make a box of corners: received ${corners.length} points`)
  }
  return runOf([a, b, c, d])
}

/** The part of a box between `from` and `to`, distances along the text from its left end. */
export function sliceBox(box: TextBox, from: number, to: number): TextBox {
  const shift = (from + to) / 2 - box.width / 2
  return {
    ...box,
    cx: box.cx + shift * Math.cos(box.angle),
    cy: box.cy + shift * Math.sin(box.angle),
    width: to - from,
  }
}
