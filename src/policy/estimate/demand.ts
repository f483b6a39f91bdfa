/**
 * How many queries arrive: what is steady, for what takes seconds to follow; what may come for a
 * moment; and what is there now (`demand/level.ts`).
 *
 * @module
 */
import { createFloors, type Floor } from './floors.ts'
import { ALPHA, chanceOf, createLevel, PROVEN, WINDOW_MS } from './level.ts'

export interface Demand {
  /** A query arrived, which may ask for a least accuracy. */
  count(nowMs: number, floor?: number): void
  /**
   * Queries per second to place for: what has been steady of late, which a whole second alone can
   * raise. Loads take as long, so a spike is over before they are done.
   */
  ratePerS(nowMs: number): number
  /**
   * Queries per second of this moment, for what can change its mind at once: less is proof enough, and
   * a fall is believed as soon as a rise.
   */
  levelPerS(nowMs: number): number
  /** What may come for a moment. */
  peak(nowMs: number): Peak
  /** What least accuracies are asked for, and how often. */
  floors(nowMs: number): Floor[]
  /** How many there are of these. */
  floorCount(): number
}

export interface Peak {
  /** Queries per second: by chance, or as far above the mean as a surge of the last minute was. */
  perS: number
  /** There was one. */
  surges: boolean
}

/** Of what is steady: less, and so many windows lower than by chance are no spike's end but a fall. */
const STEADY_ALPHA = 0.2
const FALLEN_WINDOWS = 2
/** Windows whose excess over the mean is remembered. */
const PEAK_WINDOWS = 60
/**
 * Deviations of what comes in a second, or in half of the time that a query has where that is more:
 * from which on it was a surge, and what chance adds at the most to what comes in any while.
 */
const CHANCE = 4.5
export const HORIZON = 0.5
/**
 * What is too much for a while waits, and is answered in time: so much of the time that queries have
 * beyond a window may pass until what came is done. Found in simulation of pools by lot; 0.25 to 0.5
 * were tried.
 */
const WAITING = 0.3
/**
 * That leaves of what chance adds at least so much more than is steady: it drifts, and batches are not
 * what they were planned to be.
 */
export const LEAST = 1.1
/**
 * By how much it drifts is seen from the mean of a window and that of so many before; what chance alone
 * makes of that, in deviations, is no drift; and by so many times the rest it may rise before a plan
 * for that is loaded. In a large pool it is what counts: chance is a small part of much demand.
 */
const DRIFT_WINDOWS = 3
const STILL = 2.5
const RISES = 1.5
/** The whiles that are looked at, in windows: each is so many times as long as the one before. */
const LONGEST = 32
const LONGER = 1.5
/** A surge lasts until a plan is made and loaded for it. */
const SURGE_S = 3
/** The next surge may be larger by so much than any that is remembered. */
const LARGER = 1.28

/** So long what is too much for a while may wait, in seconds. */
export const waitingS = (sloMs: number): number => WAITING * Math.max(0, sloMs - WINDOW_MS) / 1000

/**
 * @param startPerS queries per second to begin with; 0 where nothing is known
 * @param sloMs the time that a query has: how long what is there now may be looked at
 */
export function createDemand(startPerS = 0, sloMs = 0): Demand {
  /** The paper's: what a moment's demand is compared with. */
  let mean = startPerS
  const level = createLevel(startPerS, sloMs)
  /** What placement follows: up at once as the level, down only when it lasts. */
  let steady = startPerS
  const floors = createFloors()
  let lowWindows = 0
  let counted = 0
  let startMs: number | undefined
  let ended = 0
  const excesses = new Float64Array(PEAK_WINDOWS)
  const rises = new Float64Array(PEAK_WINDOWS)
  /** Means of the last windows. */
  const means = new Float64Array(DRIFT_WINDOWS)
  /** Counts of the windows that the peak looks at together. */
  const latest = new Float64Array(Math.max(1, Math.round(HORIZON * sloMs / WINDOW_MS)))
  let inLatest = 0
  /** After so many without a query nothing of what came before is left. */
  const mostWindows = latest.length + PEAK_WINDOWS
  const waitS = waitingS(sloMs)

  /** Queries that chance adds at the most to what comes in so long. */
  const addedIn = (spanS: number) => CHANCE * chanceOf(steady * spanS)

  /** The highest rate by which all that chance and drift bring, in whatever while, is done in time. */
  function withoutSurge(): number {
    let perS = Math.min(LEAST * steady, steady + addedIn(WINDOW_MS / 1000))
    for (let windows = 1; windows <= LONGEST; windows *= LONGER) {
      const spanS = windows * WINDOW_MS / 1000
      perS = Math.max(perS, (steady * spanS + addedIn(spanS)) / (spanS + waitS))
    }
    const drift = Math.max(0, Math.max(...rises) - STILL * chanceOf(steady))
    return steady + Math.hypot(perS - steady, RISES * drift)
  }

  function advance(nowMs: number): void {
    // Asked for a plan before anything happened: no time has begun that windows could be counted from.
    if (nowMs === -Infinity) return
    startMs ??= nowMs
    const windows = Math.floor((nowMs - startMs) / WINDOW_MS)
    for (let i = 0; i < Math.min(windows, mostWindows); i++) {
      const rate = counted * 1000 / WINDOW_MS
      const at = ended % latest.length
      inLatest += counted - latest[at]!
      latest[at] = counted
      const seenS = Math.min(ended + 1, latest.length) * WINDOW_MS / 1000
      excesses[ended % PEAK_WINDOWS] = ended === 0 ? 0 : inLatest / seenS - mean
      const begins = ended === 0 && startPerS === 0
      const low = steady - rate > PROVEN * chanceOf(steady)
      const high = rate - steady > PROVEN * chanceOf(steady)
      lowWindows = low ? lowWindows + 1 : 0
      if (high || lowWindows >= FALLEN_WINDOWS || begins) steady = rate
      else steady += STEADY_ALPHA * (rate - steady)
      mean = begins ? rate : mean + ALPHA * (rate - mean)
      const before = ended % DRIFT_WINDOWS
      rises[ended % PEAK_WINDOWS] = ended < DRIFT_WINDOWS ? 0 : mean - means[before]!
      means[before] = mean
      ended++
      counted = 0
    }
    if (windows > 0) startMs += windows * WINDOW_MS
  }

  return {
    count(nowMs, floor) {
      advance(nowMs)
      counted++
      level.count(nowMs)
      if (floor !== undefined) floors.count(floor, nowMs)
    },
    ratePerS(nowMs) {
      advance(nowMs)
      return steady
    },
    levelPerS: level.perS,
    floors: floors.of,
    floorCount: () => floors.size,
    peak(nowMs) {
      advance(nowMs)
      const most = Math.max(...excesses)
      const spanS = latest.length * WINDOW_MS / 1000
      if (most <= addedIn(spanS) / spanS) return { perS: withoutSurge(), surges: false }
      const surgeS = Math.max(spanS, SURGE_S)
      const perS = LARGER * (steady + most) * (surgeS / (surgeS + waitS))
      return { perS: Math.max(LEAST * steady, perS), surges: true }
    },
  }
}
