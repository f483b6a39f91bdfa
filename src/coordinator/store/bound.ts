/**
 * The number of nodes that are kept. Joining costs nothing, so nodes that merely joined must not
 * push out records of bad ones, nor bad ones those of good nodes.
 *
 * @module
 */

/** Nodes kept, the latest: this many distrusted ones, and this many others. */
export const MAX_NODES = 2000

/** The nodes beyond the bound. */
export function tooMany<T>(newestFirst: Iterable<T>, isDistrusted: (one: T) => boolean): T[] {
  let [distrusted, others] = [0, 0]
  return [...newestFirst].filter((one) => (isDistrusted(one) ? ++distrusted : ++others) > MAX_NODES)
}
