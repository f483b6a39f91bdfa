/** The rounding error allowed in a float. */
const ROUNDING = 1e-3

/**
 * A score that a model gives, as a share of 1.
 *
 * @param remedy what to write in the file
 * @throws TypeError where it is none: the file says something else of the model than it does
 */
export function shareOf(score: number, remedy: string): number {
  if (score >= -ROUNDING && score <= 1 + ROUNDING) return Math.min(1, Math.max(0, score))
  throw new TypeError(`Cannot read scores: found ${score}, which is no share of 1: ${remedy}`)
}
