/**
 * The time of day of moments on a monotonic clock. Machines set their time of day right now and then,
 * and `Date.now()` tells whole milliseconds: what lies between the two is kept for as long as it fits.
 *
 * @module
 */

/** @returns tells what to add, now, to a moment of `now` to get milliseconds since the epoch */
export function createWallClock(
  now: () => number,
  wallMs: () => number = Date.now,
): () => number {
  let offsetMs = wallMs() - now()
  return () => {
    const atMs = now() + offsetMs
    const truthMs = wallMs()
    // The truth lies within the millisecond that begins there.
    if (atMs < truthMs) offsetMs += truthMs - atMs
    else if (atMs > truthMs + 1) offsetMs -= atMs - (truthMs + 1)
    return offsetMs
  }
}
