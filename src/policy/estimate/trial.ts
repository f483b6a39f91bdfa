/**
 * Batches larger than any that ran or was measured. What these take is a guess, that each item adds
 * as much as the first, and by that guess they are never worth it: on a node that joins a busy pool,
 * and so finds no idle moment to measure in, it would stay one. So larger ones are tried while the
 * queue has items for them, twice as large each time that this pays; and what was found out so takes
 * the guess's place. What is tried is hoped to pay as before; of all else half of that is believed
 * where it is much, and nothing where it is less.
 *
 * @module
 */
import type { LatencyPoint } from '../core/types.ts'

export interface Trial {
  /** Up to this size a batch is to be tried; 0 once there is nothing more to be found out. */
  readonly size: number
  /**
   * What a batch of a size that is tried is hoped to take: the first no longer than one item, since by
   * the guess it would not be in time where queries have little, and none would be tried; the next go
   * on as the last two did. Undefined where there is no hope.
   */
  hopedMs(batch: number): number | undefined
  /**
   * A batch ended, or was given up (`lost`) after so long. Returns what batches take by what was found
   * out, where that is news. Points are in ascending order.
   */
  ended(batch: number, ms: number, lost: boolean): LatencyPoint[] | undefined
}

const FIRST = 2
/** So many batches say what a size takes. After as many that were given up none is hoped for. */
const TRIES = 3
/** After so many batches that were a little larger than what is known it is left at that. */
const SHORT_TRIES = 30
/** Points that are closer tell more of chance than of what an item adds. */
const APART = 1.5
/** It pays where an item takes no more than this of what it takes at half the size. */
const PAYS = 0.95
/** Larger ones are not tried. */
export const MOST_TRIED = 64
/** Much: an item more takes less than this of what one does on average. */
const CLEAR = 0.5

/** @param measuredMs what one item took when it was measured, if it was: in a calmer time perhaps */
export function createTrial(measuredMs?: number): Trial {
  const found: LatencyPoint[] = []
  const one = createMean()
  let size = FIRST
  let tried = createMean()
  let lostTries = 0
  let shortTries = 0

  /** The largest batch that something is known of; undefined where that is none. */
  function largest(): LatencyPoint | undefined {
    if (found.length > 0) return found.at(-1)
    if (one.count > 0) return one.point()
    return measuredMs === undefined ? undefined : { batch: 1, latencyMs: measuredMs }
  }

  /** What an item more took in the largest that was found out; undefined where there is one only. */
  function slopeMs(): number | undefined {
    const [before, last] = found.slice(-2)
    if (before === undefined || last === undefined) return undefined
    return Math.max(0, (last.latencyMs - before.latencyMs) / (last.batch - before.batch))
  }

  /** What is thought of larger ones. */
  function beyond(): LatencyPoint[] {
    const { batch, latencyMs } = found.at(-1)!
    const eachMs = latencyMs / batch
    const slope = slopeMs() ?? eachMs
    const guessMs = slope < CLEAR * eachMs ? (slope + eachMs) / 2 : eachMs
    const next = size === 0 ? 2 * batch : size
    const nextMs = latencyMs + guessMs * (next - batch)
    return [1, 2].map((n) => ({ batch: n * next, latencyMs: n * nextMs }))
  }

  return {
    get size() {
      return size
    },
    hopedMs(batch) {
      const last = largest()
      if (last === undefined || lostTries >= TRIES) return undefined
      return last.latencyMs + (slopeMs() ?? 0) * (batch - last.batch)
    },
    ended(batch, ms, lost) {
      if (size === 0) return undefined
      const least = Math.max(size / 2, APART * (found.at(-1)?.batch ?? 0))
      if (lost) {
        if (batch > least) lostTries++
        return undefined
      }
      if (batch <= least) {
        if (found.length === 0) one.add(batch, ms)
        // Nobody has the time for more.
        else if (batch > found.at(-1)!.batch && ++shortTries >= SHORT_TRIES) size = 0
        return undefined
      }
      tried.add(batch, ms)
      if (tried.count < TRIES) return undefined
      const before = largest()
      if (found.length === 0 && before !== undefined) found.push(before)
      const now = tried.point()
      const pays = before === undefined ||
        now.latencyMs / now.batch <=
          PAYS ** Math.log2(now.batch / before.batch) * before.latencyMs / before.batch
      found.push(now)
      // What is thought to gain grows by itself, and may be larger than what was to be tried.
      do size *= 2
      while (size <= APART * now.batch)
      if (!pays || size > MOST_TRIED) size = 0
      tried = createMean()
      lostTries = shortTries = 0
      return [...found, ...beyond()]
    },
  }
}

/** Of batches of about one size. */
function createMean() {
  let [count, items, sumMs] = [0, 0, 0]
  return {
    get count() {
      return count
    },
    add(batch: number, ms: number) {
      count++
      items += batch
      sumMs += ms
    },
    point: (): LatencyPoint => ({ batch: items / count, latencyMs: sumMs / count }),
  }
}
