/**
 * Arrivals with the rate of the bin: at random moments (Poisson), or evenly spaced.
 *
 * @module
 */
import { exponential, geometric, type Random } from './random.ts'
import type { Trace } from './scenario_schema.ts'

/**
 * The next arrival after each call, in milliseconds from the start; Infinity after the last bin. Of
 * queries that come together each has a call.
 *
 * One exponential of mean 1 is spent over the bins at their rates, so that a bin's count is Poisson
 * with its mean whatever the rates around it.
 */
export function createArrivals(trace: Trace, random: Random): () => number {
  const { together = 1 } = trace
  const next = arrivalsOf(trace, () => exponential(random, together))
  let atMs = 0
  let left = 0
  return () => {
    if (left > 0) left--
    else {
      atMs = next()
      left = geometric(random, together) - 1
    }
    return atMs
  }
}

/** As {@linkcode createArrivals}, without chance: always the same distance at one rate. */
export function createEvenArrivals(trace: Trace): () => number {
  // Half a distance before the first, so that a bin of n expected arrivals has n.
  let share = 0.5
  return arrivalsOf(trace, () => {
    const now = share
    share = 1
    return now
  })
}

/** @param gap expected arrivals to let pass until the next */
function arrivalsOf({ binSeconds, rates }: Trace, gap: () => number): () => number {
  let bin = 0
  let atS = 0

  return () => {
    let left = gap()
    for (; bin < rates.length; bin++) {
      const rate = rates[bin]!
      const endS = (bin + 1) * binSeconds
      if (rate > 0 && left <= (endS - atS) * rate) {
        atS += left / rate
        return atS * 1000
      }
      left -= (endS - atS) * rate
      atS = endS
    }
    return Infinity
  }
}

export const durationS = ({ binSeconds, rates }: Trace): number => binSeconds * rates.length

/** Mean rate of the first so many seconds. */
export function meanRate({ binSeconds, rates }: Trace, firstS: number): number {
  const endS = Math.min(firstS, binSeconds * rates.length)
  let sum = 0
  for (let bin = 0; bin * binSeconds < endS; bin++) {
    sum += rates[bin]! * (Math.min(endS, (bin + 1) * binSeconds) - bin * binSeconds)
  }
  return sum / endS
}
