/**
 * How much a query tells of the share of the capacity that is planned with. One that could hardly be
 * in time were the pool idle is tight, lowered or refused whatever is planned: heeded in full, it
 * would have all others go worse ways for next to nothing.
 *
 * @module
 */

/** Who has so much of the usual time to spare tells as much as any. */
const USUAL = 0.8
/** Less than in proportion: with 1 too many of those with little time are refused, with 0.5 others lose more. */
const POWER = 0.7

/**
 * 0 to 1.
 *
 * @param givenMs time that its client gave it
 * @param usualMs time that queries of the pipeline usually have
 * @param quickestMs what the quickest way takes, were the pool idle
 */
export function lessonOf(givenMs: number, usualMs: number, quickestMs: number): number {
  if (givenMs >= usualMs) return 1
  if (givenMs <= quickestMs) return 0
  return Math.min(1, (givenMs - quickestMs) / (USUAL * (usualMs - quickestMs))) ** POWER
}
