/**
 * What slots carry while all of them work at once.
 *
 * @module
 */
import type { Clock } from '../clock.ts'
import type { Slot } from './slot.ts'

/**
 * Rounds per ms of all these slots together, each round one run of every variant; nothing when one
 * had to give way.
 */
export async function rateOf(
  clock: Clock,
  slots: readonly Slot[],
  keys: readonly string[],
  windowMs: number,
): Promise<number | undefined> {
  const rates = await Promise.all(slots.map((slot) =>
    roundsPerMs(clock, windowMs, async () => {
      for (const key of keys) if (await slot.measure(key, 1) === undefined) return false
      return true
    })
  ))
  return rates.reduce<number | undefined>(
    (sum, one) => sum === undefined || one === undefined ? undefined : sum + one,
    0,
  )
}

/** Rounds per ms, as many as fit into the window and one at least; nothing when one came to nothing. */
export async function roundsPerMs(
  clock: Clock,
  windowMs: number,
  round: () => Promise<boolean>,
): Promise<number | undefined> {
  const fromMs = clock.nowMs()
  let rounds = 0
  do {
    if (!await round()) return undefined
    rounds++
  } while (clock.nowMs() - fromMs < windowMs)
  return rounds / (clock.nowMs() - fromMs)
}
