/**
 * Batches larger than any that ran or was measured. What these take is a guess, that each item adds
 * as much as the first, and by that guess they are never worth it: on a node that joins a busy pool,
 * and so finds no idle moment to measure in, it would stay one. So larger ones are tried while the
 * queue has items for them, twice as large each time that this pays; and what was found out so takes
 * the guess's place. The next size is guessed to go on as the last two did, all beyond it in
 * proportion.
 *
 * @module
 */
import type { LatencyPoint } from './types.ts'

export interface Trial {
  /** Up to this size a batch is to be tried; 0 once there is nothing more to be found out. */
  readonly size: number
  /**
   * A batch ended, or was given up (`lost`) after so long. Returns what batches take by what was found
   * out, where that is news. Points are in ascending order.
   */
  ended(batch: number, ms: number, lost: boolean): LatencyPoint[] | undefined
}

/**
 * The size that is tried first. It is hoped to take no longer than one item does: by the guess it would
 * not be in time where queries have little, and none would be tried.
 */
export const FIRST_TRIAL = 2
/** So many batches say what a size takes. */
const TRIES = 3
/** Points that are closer tell more of chance than of what an item adds. */
const APART = 1.5
/** It pays where an item takes no more than this of what it takes at half the size. */
const PAYS = 0.95
const MOST = 64

/** @param measuredMs what one item took when it was measured, if it was: in a calmer time perhaps */
export function createTrial(measuredMs?: number): Trial {
  const found: LatencyPoint[] = []
  const one = createMean()
  let size = FIRST_TRIAL
  let tried = createMean()

  /** What one item takes; undefined where none ran alone. */
  function first(): LatencyPoint | undefined {
    if (one.count > 0) return one.point()
    return measuredMs === undefined ? undefined : { batch: 1, latencyMs: measuredMs }
  }

  /** What was found out, and the guess for the next size. */
  function withNext(): LatencyPoint[] {
    const last = found.at(-1)!
    const before = found.at(-2)
    if (size === 0 || before === undefined) return [...found]
    const slope = (last.latencyMs - before.latencyMs) / (last.batch - before.batch)
    const nextMs = last.latencyMs + Math.max(0, slope) * (size - last.batch)
    // Beyond it as if each item added as much as one does on average.
    return [...found, ...[1, 2].map((n) => ({ batch: n * size, latencyMs: n * nextMs }))]
  }

  return {
    get size() {
      return size
    },
    ended(batch, ms, lost) {
      if (size === 0) return undefined
      if (batch <= Math.max(size / 2, APART * (found.at(-1)?.batch ?? 0))) {
        if (found.length === 0 && !lost) one.add(batch, ms)
        return undefined
      }
      const least = found.at(-1) ?? first()
      // How long it would have taken nobody knows: not less than by the guess.
      const guessMs = least === undefined ? 0 : least.latencyMs * batch / least.batch
      tried.add(batch, lost ? Math.max(ms, guessMs) : ms)
      if (tried.count < TRIES) return undefined
      if (found.length === 0 && least !== undefined) found.push(least)
      const before = found.at(-1)
      const now = tried.point()
      const pays = before === undefined ||
        now.latencyMs / now.batch <=
          PAYS ** Math.log2(now.batch / before.batch) * before.latencyMs / before.batch
      found.push(now)
      // What is thought to gain grows by itself, and may be larger than what was to be tried.
      do size *= 2
      while (size <= APART * now.batch)
      if (!pays || size > MOST) size = 0
      tried = createMean()
      return withNext()
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
