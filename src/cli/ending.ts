/**
 * What the signals mean that ask a command to end.
 *
 * @module
 */

/**
 * What comes so soon after the first says the same once more: a service manager tells all processes
 * of a service, and `deno task` passes on what it is told.
 */
const SAME_MS = 1000

/**
 * Takes each signal: another handler would end the process while it is leaving.
 *
 * @param first called with the first
 * @param hurry called with a later one: asked twice, someone is in a hurry
 */
export function createEnding<T>(
  first: (why: T) => void,
  hurry: () => void = () => Deno.exit(130),
  nowMs: () => number = () => performance.now(),
): (why: T) => void {
  let firstMs: number | undefined
  return (why) => {
    if (firstMs === undefined) {
      firstMs = nowMs()
      first(why)
    } else if (nowMs() - firstMs > SAME_MS) hurry()
  }
}
