/**
 * What the machine does at this moment, to hold other times against: one machine's speed differs by
 * a factor of two from hour to hour where its host does other things, too.
 *
 * @module
 */

const ENTRIES = 4096
const TRIES = 30

/** Nanoseconds for each of 4,096 objects that are sorted by a number; the least of several tries. */
export function yardstickNs(): number {
  let seed = 1
  const entries = Array.from(
    { length: ENTRIES },
    () => ({ key: seed = seed * 16_807 % 2_147_483_647 }),
  )
  let least = Infinity
  for (let i = 0; i < TRIES; i++) {
    const startMs = performance.now()
    entries.toSorted((a, b) => a.key - b.key)
    least = Math.min(least, performance.now() - startMs)
  }
  return least * 1e6 / ENTRIES
}
