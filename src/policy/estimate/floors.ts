/**
 * How many queries ask for what least accuracy: slots that cannot hold all have to hold what reaches
 * it, though nobody else may have use for that.
 *
 * @module
 */
export interface Floor {
  /** Least accuracy, 0..1. */
  accuracy: number
  /** Queries per second that ask for it. */
  ratePerS: number
}

export interface Floors {
  /** A query arrived that asks for as much. */
  count(accuracy: number, nowMs: number): void
  /** What is asked for of late, the least first; each of a few, the others with the next higher. */
  of(nowMs: number): Floor[]
  /** How many are kept in mind, as of the last time that was asked. */
  readonly size: number
}

/** The rate is a mean that forgets in so long. */
const FORGETS_MS = 10_000
/** What was asked for once is kept in mind so long: whoever was refused comes again. */
const KEPT_MS = 60_000
/** A rate is of no less time than this. */
const LEAST_MS = 1000
const MOST = 4

interface Seen {
  sum: number
  sinceMs: number
  lastMs: number
}

export function createFloors(): Floors {
  const seen = new Map<number, Seen>()

  /** The sum decays, so it is that of a while which begins as long ago and ends at this. */
  function ratePerS({ sum, sinceMs, lastMs }: Seen, nowMs: number): number {
    const left = Math.exp(-(nowMs - lastMs) / FORGETS_MS)
    const knownMs = Math.max(LEAST_MS, nowMs - sinceMs)
    return 1000 * sum * left / (FORGETS_MS * (1 - Math.exp(-knownMs / FORGETS_MS)))
  }

  return {
    count(accuracy, nowMs) {
      const one = seen.get(accuracy)
      if (one === undefined) {
        seen.set(accuracy, { sum: 1, sinceMs: nowMs, lastMs: nowMs })
        return
      }
      one.sum = 1 + one.sum * Math.exp(-(nowMs - one.lastMs) / FORGETS_MS)
      one.lastMs = nowMs
    },
    of(nowMs) {
      for (const [accuracy, { lastMs }] of seen) {
        if (nowMs - lastMs > KEPT_MS) seen.delete(accuracy)
      }
      const floors = [...seen].map(([accuracy, one]) => ({
        accuracy,
        ratePerS: ratePerS(one, nowMs),
      }))
        .sort((a, b) => a.accuracy - b.accuracy)
      while (floors.length > MOST) {
        let fewest = 0
        for (let i = 1; i < floors.length - 1; i++) {
          if (floors[i]!.ratePerS < floors[fewest]!.ratePerS) fewest = i
        }
        floors[fewest + 1]!.ratePerS += floors[fewest]!.ratePerS
        floors.splice(fewest, 1)
      }
      return floors
    },
    get size() {
      return seen.size
    },
  }
}
