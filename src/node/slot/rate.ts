/**
 * What slots carry while all of them work at once.
 *
 * @module
 */
import type { Pace } from './pace.ts'
import type { Slot } from './slot.ts'

/**
 * Rounds per ms of all these slots together, each round one run of every variant; nothing when one
 * had to give way.
 */
export async function rateOf(
  pace: Pace,
  slots: readonly Slot[],
  keys: readonly string[],
  windowMs: number,
): Promise<number | undefined> {
  const rates = await Promise.all(
    slots.map((slot) =>
      roundsPerMs(pace, keys, windowMs, async (key) => await slot.measure(key, 1) !== undefined)
    ),
  )
  return rates.reduce<number | undefined>(
    (sum, one) => sum === undefined || one === undefined ? undefined : sum + one,
    0,
  )
}

/**
 * Rounds per ms of work, as many as fit into the window and one at least; nothing when a run came to
 * nothing. Rests count for neither: what is compared rests alike.
 */
export async function roundsPerMs(
  pace: Pace,
  keys: readonly string[],
  windowMs: number,
  runOne: (key: string) => Promise<boolean>,
): Promise<number | undefined> {
  let rounds = 0
  let workedMs = 0
  do {
    for (const key of keys) {
      const run = await pace.run(() => runOne(key))
      if (run?.value !== true) return undefined
      workedMs += run.tookMs
    }
    rounds++
  } while (workedMs < windowMs)
  return rounds / workedMs
}
