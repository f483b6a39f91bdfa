/**
 * Latency over the batch size, of one variant on one node: a base (measured points, or a prior)
 * bent and scaled by the batches that really ran, with its spread.
 *
 * @module
 */
import { type Base, baseOf } from './base.ts'
import { BEYOND, CACHED, HIGH, isUsual, knotOf, KNOTS, LOW } from './knots.ts'
import { createSurprise, type Surprise } from './surprise.ts'
import { createTrial } from './trial.ts'
import type { LatencyPoint } from './types.ts'

/** Of one batch, in milliseconds. `upperMs` is not exceeded by about 95 of 100 batches. */
export interface Latency {
  meanMs: number
  upperMs: number
}

export interface LatencyModel {
  /** Its base is points that were measured, no guess. */
  readonly isMeasured: boolean
  /** See {@linkcode Trial.size}; 0 where larger batches were measured. */
  readonly trialSize: number
  /** What a batch of a size that is tried is hoped to take; see {@linkcode Trial.hopedMs}. */
  hopedMs(batch: number): number
  /** What batches take by what was measured or found out, or by a guess. */
  readonly base: Base
  /** As in {@linkcode Latency}. */
  meanMs(batch: number): number
  upperMs(batch: number): number
  /** Upper for mean latency, of any batch. */
  upperTimes(): number
  /** Adds the means of the batches in this range to what stands at each. */
  addMeans(to: number[], first: number, last: number): void
  /**
   * A batch ended, or was given up (`lost`) after so long. Returns what of it was believed, in ms, but
   * for the pace.
   */
  observe(batch: number, computeMs: number, lost: boolean): number
  /** Of the last batch; see {@linkcode Surprise}. */
  readonly surprise: Pick<Surprise, 'log' | 'deviation'>
  /** For now batches take so many times what is thought of them: 1 but for moments; see `common.ts`. */
  readonly pace: number
  setPace(times: number): void
  /** What was thought to be for a moment is so for good. */
  settlePace(): void
  /** Whether a batch ever ended. */
  hasRun(): boolean
  /**
   * What batches that ended took for what the base says, of late, as a logarithm; undefined before
   * the first.
   */
  logRatio(): number | undefined
  /**
   * So long as none was seen: thinks that they will take so many times the base, as a logarithm.
   * Returns whether that is news.
   */
  assume(logRatio: number): boolean
  /** Whether a batch ended or was given up so lately that it tells of the node as it is now. */
  isCurrent(nowMs: number): boolean
  /**
   * Lets slowness fade that was not seen again for a while: to what is usual of the variant, and the
   * less batches that is a mean of, and the longer ago, to what is usual of the node.
   *
   * @param ofNode what those of its variants that are current take for what their bases say; undefined
   * where none is
   */
  relax(nowMs: number, ofNode: number | undefined): void
}

const DECAY = 0.9
const LEAST_WEIGHT = 0.15
/** Beyond this ratio of what was expected an observation counts for no more. */
const OUTLIER = 3
/** The first batches may be far from the prior, and rightly: only later is far an outlier. */
const FIRST_OUTLIER = 30
const FIRST_BATCHES = 2
const LEAST_VARIANCE = 0.03 ** 2
const UPPER_DEVIATIONS = 1.65
/** Less is no news. */
const LEAST_NEWS = 0.01
/** After so long without a batch a variant that was slower than usual is thought half as slow. */
const RELAX_MS = 10_000
const RELAX = 0.5
/** What a batch showed counts half as much after so long without another. */
const STALE_MS = 10_000
/** What chance does to the mean of few batches: no more than that is slowness. */
const BY_CHANCE = 1.1
const MAX_LOCAL = 10
/** The place of the bases behind the factors. */
const BASES = 8
/** The largest batch that `addMeans` knows. */
export const MOST_USUAL = CACHED - 1

/** Upper latency for mean latency. */
const upperOf = (variance: number) => 1 + UPPER_DEVIATIONS * Math.sqrt(variance)

/**
 * @param spread first guess of the relative standard deviation; `weight` batches' worth of it
 * @param batches whether the base knows what larger ones take, or guesses
 * @param mayPay whether batches of such a size may, as far as others showed
 * @param pace see {@linkcode LatencyModel.pace}
 */
export function createModel(
  given: Base,
  spread: number,
  usualWeight: number,
  batches = true,
  mayPay: (size: number) => boolean = () => true,
  pace = 1,
): LatencyModel {
  let base = given
  const trial = batches ? undefined : createTrial(usualWeight > 0 ? given(1) : undefined)
  let scale = 1
  let variance = spread * spread
  let upper = upperOf(variance)
  const surprise = createSurprise(variance)
  let observed = 0
  /** The scale over the long run, without what was lost; and of how many batches. */
  let usualScale = 1
  let usual = usualWeight
  /** Measured points are believed as so many batches; a prior is not. */
  const trust = usualWeight > 0 ? 2 : 0
  let ended = false
  /** What was last assumed. */
  let assumed = NaN
  /** What batches took that ended, as a logarithm. */
  let shown = 0
  /** Batches since `relax` last looked. */
  let fresh = true
  let restedMs = 0
  let ranMs = -Infinity
  const local = new Float64Array(KNOTS).fill(1)
  const localWeight = new Float64Array(KNOTS)
  /**
   * What the base is multiplied with at each knot; then the base of each usual batch, as far as it
   * was asked for. Side by side, as they are read together.
   */
  const known = new Float64Array(BASES + CACHED).fill(pace, 0, KNOTS)

  function refactor(): void {
    for (let i = 0; i < KNOTS; i++) {
      known[i] = pace * (scale + local[i]! * localWeight[i]!) / (1 + localWeight[i]!)
    }
  }

  /** What was found out takes the place of a guess, and of all that corrected it. */
  function rebase(points: readonly LatencyPoint[]): void {
    base = baseOf(points)
    scale = usualScale = 1
    local.fill(1)
    localWeight.fill(0)
    known.fill(0, BASES)
    refactor()
  }

  function factorOf(low: number, high: number, beyond: number): number {
    const factor = known[low]!
    return factor + (known[high]! - factor) * beyond
  }

  /** Of a usual batch. */
  const baseMs = (batch: number): number => known[BASES + batch] ||= base(batch)

  const usualMs = (batch: number): number =>
    Math.max(
      baseMs(batch) *
        factorOf(LOW[batch]!, HIGH[batch]!, BEYOND[batch]!),
      0.001,
    )

  function meanMs(batch: number): number {
    if (isUsual(batch)) return usualMs(batch)
    const knot = knotOf(batch)
    const low = Math.floor(knot)
    return Math.max(base(batch) * factorOf(low, Math.min(low + 1, KNOTS - 1), knot - low), 0.001)
  }

  /** What is left of its slowness when that was not seen again for so long. */
  function leastScale(nowMs: number, ofNode: number | undefined): number {
    if (!ended || usualWeight === 0 || ofNode === undefined) return usualScale
    const least = BY_CHANCE * ofNode
    if (least >= usualScale) return usualScale
    const idleMs = nowMs - ranMs
    const stale = idleMs / (idleMs + STALE_MS * (usual - usualWeight))
    return usualScale * (least / usualScale) ** stale
  }

  return {
    isMeasured: usualWeight > 0,
    get trialSize() {
      return trial?.size ?? 0
    },
    hopedMs(batch) {
      const ms = meanMs(batch)
      if (trial === undefined || !mayPay(trial.size)) return ms
      return Math.min(trial.hopedMs(batch) ?? ms, ms)
    },
    get base() {
      return base
    },
    meanMs,
    upperMs: (batch) => meanMs(batch) * upper,
    upperTimes: () => upper,
    addMeans(to, first, last) {
      // As `usualMs`, written out: a call for each batch takes longer than what it does.
      for (let batch = first; batch <= last; batch++) {
        let ms = known[BASES + batch]!
        if (ms === 0) ms = known[BASES + batch] = base(batch)
        const factor = known[LOW[batch]!]!
        ms *= factor + (known[HIGH[batch]!]! - factor) * BEYOND[batch]!
        to[batch]! += Math.max(ms, 0.001)
      }
    },
    observe(batch, computeMs, lost) {
      const expectedMs = meanMs(batch)
      const bound = observed < FIRST_BATCHES ? FIRST_OUTLIER : OUTLIER
      const kept = Math.min(Math.max(computeMs / expectedMs, 1 / bound), bound)
      const seenMs = kept * expectedMs
      // What befalls all says nothing of it.
      const ownMs = seenMs / pace
      const ratio = ownMs / (isUsual(batch) ? baseMs(batch) : base(batch))
      scale += Math.max(LEAST_WEIGHT, 1 / (observed + trust + 1)) * (ratio - scale)
      const knot = Math.round(knotOf(batch))
      for (let i = 0; i < KNOTS; i++) localWeight[i]! *= DECAY
      const weight = Math.min(localWeight[knot]! + 1, MAX_LOCAL)
      localWeight[knot] = weight
      local[knot]! += (weight <= 1 ? 1 / (1 + trust) : Math.max(LEAST_WEIGHT, 1 / weight)) *
        (ratio - local[knot]!)
      if (observed > 0) {
        const error = Math.min(kept, OUTLIER) - 1
        variance = Math.max(LEAST_VARIANCE, variance + (1 - DECAY) * (error * error - variance))
        upper = upperOf(variance)
      }
      surprise.saw(Math.log(kept), variance)
      observed++
      fresh = true
      if (!lost) {
        // For what it said itself, if that was no more than a guess.
        const log = Math.log(base === given ? ratio : ownMs / given(batch))
        shown += Math.max(LEAST_WEIGHT, 1 / (usual - usualWeight + trust + 1)) * (log - shown)
        ended = true
        usual++
        usualScale += Math.max(0.05, 1 / usual) * (ratio - usualScale)
      }
      const found = trial?.ended(batch, ownMs, lost)
      if (found !== undefined) rebase(found)
      else refactor()
      return ownMs
    },
    surprise,
    get pace() {
      return pace
    },
    setPace(times) {
      pace = times
      variance = Math.min(variance, surprise.calm)
      upper = upperOf(variance)
      refactor()
    },
    settlePace() {
      scale *= pace
      usualScale *= pace
      if (ended) shown += Math.log(pace)
      for (let i = 0; i < KNOTS; i++) local[i]! *= pace
      pace = 1
    },
    hasRun: () => ended,
    logRatio: () => ended ? shown : undefined,
    assume(logRatio) {
      // Asked with every batch of the node, nearly always with the same.
      if (observed > 0 || logRatio === assumed) return false
      assumed = logRatio
      const ratio = Math.exp(logRatio)
      if (Math.abs(ratio / scale - 1) < LEAST_NEWS) return false
      scale = usualScale = ratio
      refactor()
      return true
    },
    isCurrent: (nowMs) => fresh || nowMs - ranMs < RELAX_MS,
    relax(nowMs, ofNode) {
      if (fresh) {
        fresh = false
        ranMs = restedMs = nowMs
        return
      }
      const least = leastScale(nowMs, ofNode)
      if (scale <= least) restedMs = nowMs
      else if (nowMs - restedMs >= RELAX_MS) {
        const factor = Math.max(RELAX, least / scale)
        scale *= factor
        for (let i = 0; i < KNOTS; i++) local[i] = Math.min(local[i]! * factor, scale)
        restedMs = nowMs
        refactor()
      }
    },
  }
}
