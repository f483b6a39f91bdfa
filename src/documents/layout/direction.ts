/**
 * The direction in which most text of a page runs.
 *
 * @module
 */

/** A line of text: `width` along it, `height` across, `angle` in radians, 0 to the right, clockwise. */
export interface Run {
  width: number
  height: number
  angle: number
}

/** A line this many times as long as it is high tells its direction. */
const TELLING = 3

const QUARTER = Math.PI / 2

/** Quarters of a turn, 0 to 3, nearest to an angle. */
export const quarterOf = (angle: number): number => ((Math.round(angle / QUARTER) % 4) + 4) % 4

/** What is left of an angle beside its nearest quarter, at most an eighth of a turn either way. */
export const leanOf = (angle: number): number => angle - Math.round(angle / QUARTER) * QUARTER

/**
 * Radians: the quarter in which most text runs, and in it the weighted median of lines long enough
 * to tell.
 */
export function pageAngle(runs: readonly Run[]): number {
  const long = runs.filter((run) => run.width >= TELLING * run.height)
  const telling = long.length > 0 ? long : runs
  const lengths = [0, 0, 0, 0]
  for (const { angle, width } of telling) lengths[quarterOf(angle)]! += width
  const quarter = lengths.indexOf(Math.max(...lengths))
  const sorted = telling.filter(({ angle }) => quarterOf(angle) === quarter)
    .sort((a, b) => leanOf(a.angle) - leanOf(b.angle))
  const half = lengths[quarter]! / 2
  let sum = 0
  for (const { angle, width } of sorted) {
    sum += width
    if (sum >= half) return angle
  }
  return 0
}
