/**
 * The stairs that `deno task bench live` climbs, as multiples of what `static` carries: up, down, to
 * four times as much at once, and down again.
 *
 * @module
 */

export const MULTIPLES: readonly number[] = [
  ...[0.5, 0.8, 1, 1.5, 2, 3, 3.5, 4, 5, 6],
  ...[0.8, 3.2, 0.5],
]
/** Steps from here on are no part of effective capacity: they come out of another's wake. */
export const STAIRS = 10
/** Four times the demand of the step before. */
export const JUMP = 11
