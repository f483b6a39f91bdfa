/**
 * The order of lines that somebody works with: what is about to be pressed must not become another
 * line's.
 *
 * @module
 */

/**
 * Keys in the order of before, then those that came since.
 *
 * @param now as they would be sorted
 * @param stays whether the line of a key that is not there any more keeps its place
 */
export function keepOrder(
  before: readonly string[],
  now: readonly string[],
  stays: (key: string) => boolean,
): string[] {
  const there = new Set(now)
  const kept = before.filter((key) => there.has(key) || stays(key))
  const known = new Set(kept)
  return [...kept, ...now.filter((key) => !known.has(key))]
}
