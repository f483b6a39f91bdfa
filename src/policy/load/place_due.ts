/**
 * When a placement is worth working out anew: the pool changed, the demand did, or time has passed;
 * and whether one that was asked for is of use still.
 *
 * @module
 */
export interface PlaceDue {
  /** The pool changed; nodes often come together. */
  changed(nowMs: number): void
  /** A placement is asked for, with this demand. */
  asked(ratesPerS: number[], nowMs: number): void
  /** The answer is there. Whether it is of use: not when demand jumped since it was asked for. */
  answered(ratesPerS: readonly number[]): boolean
  /** Whether demand jumped since the placement in force was asked for. */
  isOvertaken(ratesPerS: readonly number[]): boolean
  /** From when a placement may be asked for. */
  atMs(ratesPerS: readonly number[], nowMs: number): number
}

/** Placement is looked at anew so often, and sooner when demand rose or fell by these shares. */
const PLACE_MS = 10_000
const LEAST_PLACE_MS = 1000
const RISE = 0.03
const FALL = 0.15
/** A planner that has not answered by then will not. */
const PLANNER_MS = 5000
/** What is placed for a demand that is by this factor and so many queries too low would move again. */
const STALE = 1.25
const STALE_PER_S = 2

export function createPlaceDue(): PlaceDue {
  let askedMs = -Infinity
  let askedRates: readonly number[] = []
  let pending = false
  /** Those that the placement in force was asked for with; undefined where there is none. */
  let placedRates: readonly number[] | undefined
  /** The last answer was of no use: the next is taken, however that may be. */
  let refused = false
  /** When the pool changed after the last placement was asked for. */
  let changedMs: number | null = null

  const jumped = (before: readonly number[], ratesPerS: readonly number[]) =>
    placedRates !== undefined &&
    ratesPerS.some((rate, p) => rate > (before[p] ?? 0) * STALE + STALE_PER_S)

  return {
    changed(nowMs) {
      changedMs = nowMs
    },
    asked(ratesPerS, nowMs) {
      changedMs = null
      askedMs = nowMs
      askedRates = ratesPerS
      pending = true
    },
    answered(ratesPerS) {
      pending = false
      refused = !refused && jumped(askedRates, ratesPerS)
      if (!refused) placedRates = askedRates
      return !refused
    },
    isOvertaken: (ratesPerS) => jumped(placedRates ?? [], ratesPerS),
    atMs(ratesPerS, nowMs) {
      if (pending && nowMs - askedMs < PLANNER_MS) return askedMs + PLANNER_MS
      const soonestMs = placedRates === undefined || jumped(askedRates, ratesPerS)
        ? -Infinity
        : askedMs + LEAST_PLACE_MS
      if (changedMs !== null) return Math.max(changedMs, soonestMs)
      const changed = ratesPerS.some((rate, p) => {
        const before = askedRates[p] ?? 0
        return rate > before * (1 + RISE) + 0.2 || rate < before * (1 - FALL) - 1
      })
      return changed ? soonestMs : askedMs + PLACE_MS
    },
  }
}
