/**
 * Where lines stand once their page is turned upright.
 *
 * @module
 */
import { quarterOf, type Run } from './direction.ts'

export interface Extent {
  left: number
  right: number
  top: number
  bottom: number
}

/** Upright, whichever way the page was turned. */
export interface Placed extends Extent {
  /** Of the line, among those that were given. */
  index: number
  middle: number
  height: number
}

/** A run of text and its centre, on the page as it is. */
export interface CentredRun extends Run {
  cx: number
  cy: number
}

/** @param angle of the page: see `pageAngle` */
export function placed(runs: readonly CentredRun[], angle: number): Placed[] {
  const cos = Math.cos(angle)
  const sin = Math.sin(angle)
  return runs.map((run, index) => {
    const x = run.cx * cos + run.cy * sin
    const y = run.cy * cos - run.cx * sin
    const [width, height] = runsAcross(run, angle)
      ? [run.height, run.width]
      : [run.width, run.height]
    return {
      index,
      left: x - width / 2,
      right: x + width / 2,
      top: y - height / 2,
      bottom: y + height / 2,
      middle: y,
      height,
    }
  })
}

/** Whether a run is written up or down the page. */
export const runsAcross = (run: Run, angle: number): boolean =>
  quarterOf(run.angle - angle) % 2 === 1

/** Around all of some. */
export function extentOf(lines: readonly Extent[]): Extent {
  const extent = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity }
  for (const { left, right, top, bottom } of lines) {
    extent.left = Math.min(extent.left, left)
    extent.right = Math.max(extent.right, right)
    extent.top = Math.min(extent.top, top)
    extent.bottom = Math.max(extent.bottom, bottom)
  }
  return extent
}

/** The one in the middle of their order; 0 of none. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
