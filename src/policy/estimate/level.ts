/**
 * The demand of this moment, for what can change its mind at once: a mean of windows, of which one
 * that chance does not explain takes the place of all before it; and a short window where that
 * counted more or less than chance explains.
 *
 * A query that has five seconds is in time whether the mix heard of a burst at once or two seconds
 * later, but a mix made for every burst is a bad one: where few queries come, and each has long, one
 * second more says little of the next. So windows grow with the time that queries have.
 *
 * @module
 */

export interface Level {
  /** A query arrived. */
  count(nowMs: number): void
  /** Queries per second. Less is proof enough, and a fall is believed as soon as a rise. */
  perS(nowMs: number): number
}

/** Windows last so long, or as long as a query has where that is longer. */
export const WINDOW_MS = 1000
/** The weight of the newest window, as the paper's artifact has it. */
export const ALPHA = 0.385
/** After so many windows without a query the mean has faded to nothing that matters. */
const FORGET_WINDOWS = 60
/** The short window, in windows; it is counted in steps. */
const SHORT = 0.4
const STEP_MS = 50
/**
 * Deviations above the mean from which a count is no chance: 1 in 700 for arrivals after Poisson.
 * What is believed then is the count less half a deviation.
 */
export const PROVEN = 3
const BELIEVED = 0.5
/** Of a count that proves a fall: it and so many deviations more. */
const FALLEN = 1

/** A deviation of a count whose mean is so many. */
export const chanceOf = (count: number) => Math.sqrt(Math.max(count, 1))

/** As in {@linkcode createDemand}. */
export function createLevel(startPerS: number, sloMs: number): Level {
  const windowMs = Math.max(WINDOW_MS, sloMs)
  const windowS = windowMs / 1000
  const stepCount = Math.floor(SHORT * windowMs / STEP_MS)
  const shortMs = stepCount * STEP_MS
  let level = startPerS
  let counted = 0
  let ended = 0
  let startMs: number | undefined
  let firstMs = Infinity
  /** The newest of them: a burst is over when nobody comes any more. */
  const newestCount = Math.min(Math.ceil(SHORT * WINDOW_MS / STEP_MS), stepCount)
  const newestMs = newestCount * STEP_MS
  const steps = new Float64Array(stepCount)
  let step = 0
  let inShort = 0

  function advance(nowMs: number): void {
    // Asked before anything happened: no time has begun that windows could be counted from.
    if (nowMs === -Infinity) return
    if (startMs === undefined) {
      startMs = firstMs = nowMs
      step = Math.floor(nowMs / STEP_MS)
    }
    const windows = Math.floor((nowMs - startMs) / windowMs)
    for (let i = 0; i < Math.min(windows, FORGET_WINDOWS); i++) {
      const rate = counted / windowS
      const chance = PROVEN * chanceOf(level * windowS) / windowS
      const begins = ended === 0 && startPerS === 0
      if (begins || Math.abs(rate - level) > chance) level = rate
      else level += ALPHA * (rate - level)
      ended++
      counted = 0
    }
    if (windows > 0) startMs += windows * windowMs
    const at = Math.floor(nowMs / STEP_MS)
    for (let passed = Math.min(at - step, stepCount); passed > 0; passed--) {
      const oldest = (at - passed + 1) % stepCount
      inShort -= steps[oldest]!
      steps[oldest] = 0
    }
    step = at
  }

  /** Until the first window has ended what came so far is all that is known. */
  function usualPerS(nowMs: number): number {
    if (ended > 0 || startPerS > 0 || nowMs - firstMs < WINDOW_MS) return level
    return counted * 1000 / (nowMs - firstMs)
  }

  function inNewest(): number {
    let sum = 0
    for (let i = 0; i < newestCount; i++) sum += steps[(step - i) % stepCount]!
    return sum
  }

  return {
    count(nowMs) {
      advance(nowMs)
      counted++
      steps[step % stepCount]! += 1
      inShort++
    },
    perS(nowMs) {
      advance(nowMs)
      const usual = usualPerS(nowMs)
      let perS = raise(usual, inShort, shortMs)
      const sinceMs = nowMs - firstMs
      if (sinceMs > shortMs) perS = lower(perS, inShort, shortMs)
      if (newestCount < stepCount && sinceMs > newestMs) perS = lower(perS, inNewest(), newestMs)
      return perS
    },
  }
}

/** What is believed of so many in a window, if they are more than chance explains. */
function raise(perS: number, count: number, windowMs: number): number {
  const expected = perS * windowMs / 1000
  if (count <= expected + PROVEN * chanceOf(expected)) return perS
  return Math.max(perS, (count - BELIEVED * Math.sqrt(count)) * 1000 / windowMs)
}

/** Likewise, if they are less. */
function lower(perS: number, count: number, windowMs: number): number {
  const expected = perS * windowMs / 1000
  if (count >= expected - PROVEN * chanceOf(expected)) return perS
  return Math.min(perS, (count + FALLEN * Math.sqrt(count + 1)) * 1000 / windowMs)
}
