/**
 * When to start again what ended by itself.
 *
 * @module
 */

/** Ended so often in a row, it is broken and stays down. */
const MOST_IN_A_ROW = 5
const FIRST_PAUSE_MS = 500
/** A process that ran this long was well: its next end begins a new row of restarts. */
const WELL_MS = 600_000

/**
 * Gives, at each end, the pause until the next start; undefined where there is to be none.
 *
 * @param isNeeded it is started again however often it ended: nothing goes on without it
 *
 * @example
 * ```ts
 * const pauseAfter = createRestarts()
 * pauseAfter(20) // 500
 * pauseAfter(20) // 1000
 * ```
 */
export function createRestarts(isNeeded = false): (ranMs: number) => number | undefined {
  let inARow = 0
  return (ranMs) => {
    if (ranMs >= WELL_MS) inARow = 0
    if (inARow === MOST_IN_A_ROW && !isNeeded) return undefined
    inARow = Math.min(inARow + 1, MOST_IN_A_ROW)
    return FIRST_PAUSE_MS * 2 ** (inARow - 1)
  }
}
