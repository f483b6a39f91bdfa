/**
 * The time of day of moments on a monotonic clock. Machines correct their time of day now and then,
 * and `Date.now()` has whole milliseconds: the offset of the two clocks is kept for as long as it
 * fits.
 *
 * @module
 */

/** @returns a function of the offset from `now` to milliseconds since the epoch */
export function createWallClock(
  now: () => number,
  wallMs: () => number = Date.now,
): () => number {
  let offsetMs = wallMs() - now()
  return () => {
    const atMs = now() + offsetMs
    const truthMs = wallMs()
    // The true time lies within the millisecond that begins there.
    if (atMs < truthMs) offsetMs += truthMs - atMs
    else if (atMs > truthMs + 1) offsetMs -= atMs - (truthMs + 1)
    return offsetMs
  }
}
