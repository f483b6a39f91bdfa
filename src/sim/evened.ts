/**
 * Demand that waits where it may: work of queries that come in a busy second can be done after it, as
 * long as their time allows.
 *
 * What is served so far lies between what has come by now and what has to be answered by now. Of all
 * courses between the two the one like a taut string is the most even: for whatever has less of a
 * return the more of it there is, in accuracy or in queries served, none does better. At the end all
 * is served: demand would go on, and what comes last has no time of its own.
 *
 * @module
 */
import type { Trace } from './scenario_schema.ts'

/** A time of one rate. */
export interface Stretch {
  fromS: number
  toS: number
  ratePerS: number
}

/** Rounding makes no bend. */
const EXACT = 1e-9

/** @param waitS how long after it came a query's work can be done at the latest */
export function evened(trace: Trace, waitS: number): Stretch[] {
  const times = timesOf(trace, waitS)
  const come = comeBy(trace)
  const most = times.map(come)
  const least = times.map((t, i) => come(i < times.length - 1 ? t - waitS : t))
  const stretches: Stretch[] = []
  for (let from = 0, done = 0; from < times.length - 1;) {
    const to = nextBend(times, least, most, from, done)
    const ratePerS = (to.done - done) / (times[to.at]! - times[from]!)
    stretches.push({ fromS: times[from]!, toS: times[to.at]!, ratePerS: Math.max(0, ratePerS) })
    from = to.at
    done = to.done
  }
  return stretches
}

/** How far the string runs straight, at the least. */
function nextBend(
  times: readonly number[],
  least: readonly number[],
  most: readonly number[],
  from: number,
  done: number,
): { at: number; done: number } {
  let [lowest, highest] = [-Infinity, Infinity]
  let [below, above] = [from, from]
  for (let at = from + 1; at < times.length; at++) {
    const elapsedS = times[at]! - times[from]!
    const low = (least[at]! - done) / elapsedS
    const high = (most[at]! - done) / elapsedS
    if (low > highest + EXACT) return { at: above, done: most[above]! }
    if (high < lowest - EXACT) return { at: below, done: least[below]! }
    if (low >= lowest) [lowest, below] = [low, at]
    if (high <= highest) [highest, above] = [high, at]
  }
  return { at: times.length - 1, done: most.at(-1)! }
}

/** When a rate begins or ends, at the door or at the deadline. */
function timesOf({ binSeconds, rates }: Trace, waitS: number): number[] {
  const ends = Array.from({ length: rates.length + 1 }, (_, bin) => bin * binSeconds)
  const last = ends.at(-1)!
  const due = ends.map((t) => t + waitS).filter((t) => t < last - EXACT)
  const all = [...ends, ...due].sort((a, b) => a - b)
  return all.filter((t, i) => i === 0 || t - all[i - 1]! > EXACT)
}

/** Queries that came by then. */
export function comeBy({ binSeconds, rates }: Trace): (timeS: number) => number {
  const sums = [0]
  for (const rate of rates) sums.push(sums.at(-1)! + rate * binSeconds)
  return (timeS) => {
    const bins = Math.min(Math.max(timeS / binSeconds, 0), rates.length)
    const bin = Math.min(Math.floor(bins), rates.length - 1)
    return sums[bin]! + (bins - bin) * rates[bin]! * binSeconds
  }
}
