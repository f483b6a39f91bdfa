/**
 * How many nodes are kept. Joining costs nothing, so nodes that merely joined must not push out what is
 * known of bad ones, nor the other way round.
 *
 * @module
 */

/** Those heard of last: so many that something is held against, and so many others. */
export const MAX_NODES = 2000

/** Those that are too many. */
export function tooMany<T>(newestFirst: Iterable<T>, isDistrusted: (one: T) => boolean): T[] {
  let [distrusted, others] = [0, 0]
  return [...newestFirst].filter((one) => (isDistrusted(one) ? ++distrusted : ++others) > MAX_NODES)
}
