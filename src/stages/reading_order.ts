/**
 * The order in which a person reads lines: rows from the top, columns one after the other.
 *
 * @module
 */
import { pageAngle } from '../documents/layout/direction.ts'
import { placed } from '../documents/layout/placed.ts'
import { regionsOf } from '../documents/layout/regions.ts'
import { rowsOf } from '../documents/layout/rows.ts'
import type { TextBox } from './box.ts'

/** Indices of `boxes` in reading order, on the page turned upright. */
export function readingOrder(boxes: readonly TextBox[]): number[] {
  const lines = placed(boxes, pageAngle(boxes))
  return regionsOf(lines).flatMap((region) => rowsOf(region).flat()).map(({ index }) => index)
}
