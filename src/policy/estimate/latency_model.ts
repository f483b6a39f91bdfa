/**
 * Latency over the batch size, of one variant on one node: a base (measured points, or a prior)
 * bent and scaled by the batches that really ran, with its spread.
 *
 * @module
 */
import type { LatencyPoint } from '../core/types.ts'
import { type Base, baseOf } from './base.ts'
import { Gain } from './gain.ts'
import { BEYOND, CACHED, HIGH, isUsual, knotOf, KNOTS, LOW } from './knots.ts'
import type { LatencyModel } from './latency.ts'
import { createSurprise, type Surprise } from './surprise.ts'
import { createTrial, type Trial } from './trial.ts'

const DECAY = 0.9
/** Beyond this ratio of what was expected an observation counts for no more. */
const OUTLIER = 3
/** The first batches may be far from the prior, and rightly: only later is far an outlier. */
const FIRST_OUTLIER = 30
const FIRST_BATCHES = 2
const LEAST_VARIANCE = 0.03 ** 2
const UPPER_DEVIATIONS = 1.65
/** Of one batch in what is shown of others: that is a mean of many variants. */
const SHOWN_WEIGHT = 0.15
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

/** Half as slow, but no quicker than as the base says. */
const doubted = (scale: number) => scale > 1 ? Math.max(1, RELAX * scale) : scale

/** Upper latency for mean latency. */
const upperOf = (variance: number) => 1 + UPPER_DEVIATIONS * Math.sqrt(variance)

/**
 * @param spread first guess of the relative standard deviation; `weight` batches' worth of it
 * @param batches whether the base knows what larger ones take, or guesses
 * @param mayPay whether batches of such a size may, as far as others showed
 * @param pace see {@linkcode LatencyModel.pace}
 */
export const createModel = (
  given: Base,
  spread: number,
  usualWeight: number,
  batches = true,
  mayPay: (size: number) => boolean = () => true,
  pace = 1,
): LatencyModel => new Model(given, spread, usualWeight, batches, mayPay, pace)

/** A class, as there is one for each variant of each node: engines inline no closure of which there are many. */
class Model implements LatencyModel {
  base: Base
  private readonly trial: Trial | undefined
  private scale = 1
  private variance: number
  private upper: number
  readonly surprise: Surprise
  private readonly gain = new Gain()
  private observed = 0
  /** The scale over the long run, without what was lost; and of how many batches. */
  private usualScale = 1
  private usual: number
  /** Measured points are believed as so many batches; a prior is not. */
  private readonly trust: number
  private ended = false
  /** What was last assumed. */
  private assumed = NaN
  /** What batches took that ended, as a logarithm. */
  private shown = 0
  /** Batches since `relax` last looked. */
  private fresh = true
  private restedMs = 0
  private ranMs = -Infinity
  private readonly local = new Float64Array(KNOTS).fill(1)
  private readonly localWeight = new Float64Array(KNOTS)
  /**
   * What the base is multiplied with at each knot; then the base of each usual batch, as far as it
   * was asked for. Side by side, as they are read together.
   */
  private readonly known = new Float64Array(BASES + CACHED)

  constructor(
    private readonly given: Base,
    spread: number,
    private readonly usualWeight: number,
    batches: boolean,
    private readonly mayPay: (size: number) => boolean,
    public pace: number,
  ) {
    this.base = given
    this.trial = batches ? undefined : createTrial(usualWeight > 0 ? given(1) : undefined)
    this.variance = spread * spread
    this.upper = upperOf(this.variance)
    this.surprise = createSurprise(this.variance, usualWeight > 0)
    this.usual = usualWeight
    this.trust = usualWeight > 0 ? 2 : 0
    this.known.fill(pace, 0, KNOTS)
  }

  get isMeasured(): boolean {
    return this.usualWeight > 0
  }

  get trialSize(): number {
    return this.trial?.size ?? 0
  }

  hopedMs(batch: number): number {
    const ms = this.meanMs(batch)
    if (this.trial === undefined || !this.mayPay(this.trial.size)) return ms
    return Math.min(this.trial.hopedMs(batch) ?? ms, ms)
  }

  meanMs(batch: number): number {
    if (isUsual(batch)) return this.usualMs(batch)
    const knot = knotOf(batch)
    const low = Math.floor(knot)
    const factor = this.factorOf(low, Math.min(low + 1, KNOTS - 1), knot - low)
    return Math.max(this.base(batch) * factor, 0.001)
  }

  upperMs(batch: number): number {
    return this.meanMs(batch) * this.upper
  }

  upperTimes(): number {
    return this.upper
  }

  addMeans(to: number[], first: number, last: number): void {
    for (let batch = first; batch <= last; batch++) to[batch]! += this.usualMs(batch)
  }

  observe(batch: number, computeMs: number, lost: boolean): number {
    const { gain, local, localWeight, surprise, usualWeight } = this
    const knot = Math.round(knotOf(batch))
    gain.heed(surprise.calm)
    const { doubt, least } = gain
    const trust = doubt * this.trust
    const expectedMs = this.meanMs(batch)
    const bound = this.observed < FIRST_BATCHES ? FIRST_OUTLIER : OUTLIER
    const kept = Math.min(Math.max(computeMs / expectedMs, 1 / bound), bound)
    const seenMs = kept * expectedMs
    // What befalls all says nothing of it.
    const ownMs = seenMs / this.pace
    const ratio = ownMs / (isUsual(batch) ? this.baseMs(batch) : this.base(batch))
    this.scale += Math.max(least, 1 / (this.observed + trust + 1)) * (ratio - this.scale)
    for (let i = 0; i < KNOTS; i++) localWeight[i]! *= DECAY
    const weight = Math.min(localWeight[knot]! + 1, Math.max(MAX_LOCAL, 1 / least))
    localWeight[knot] = weight
    local[knot]! += (weight <= 1 ? 1 / (1 + trust) : Math.max(least, 1 / weight)) *
      (ratio - local[knot]!)
    if (this.observed > 0) {
      const error = Math.min(kept, OUTLIER) - 1
      gain.saw(error)
      const drift = (1 - DECAY) * (error * error - this.variance)
      this.variance = Math.max(LEAST_VARIANCE, this.variance + drift)
      this.upper = upperOf(this.variance)
    }
    surprise.saw(Math.log(kept), this.variance)
    this.observed++
    this.fresh = true
    if (!lost) {
      // For what it said itself, if that was no more than a guess.
      const log = Math.log(this.base === this.given ? ratio : ownMs / this.given(batch))
      const count = this.usual - usualWeight
      this.shown += Math.max(SHOWN_WEIGHT, 1 / (count + trust + 1)) * (log - this.shown)
      this.ended = true
      this.usual++
      this.usualScale += Math.max(0.05, 1 / this.usual) * (ratio - this.usualScale)
    }
    const found = this.trial?.ended(batch, ownMs, lost)
    if (found !== undefined) this.rebase(found)
    else this.refactor()
    return ownMs
  }

  setPace(times: number): void {
    this.pace = times
    this.variance = Math.min(this.variance, this.surprise.calm)
    this.upper = upperOf(this.variance)
    this.refactor()
  }

  settlePace(): void {
    this.scale *= this.pace
    this.usualScale *= this.pace
    if (this.ended) this.shown += Math.log(this.pace)
    for (let i = 0; i < KNOTS; i++) this.local[i]! *= this.pace
    this.pace = 1
  }

  hasRun(): boolean {
    return this.ended
  }

  logRatio(): number | undefined {
    return this.ended ? this.shown : undefined
  }

  assume(logRatio: number): boolean {
    // Asked with every batch of the node, nearly always with the same.
    if (this.observed > 0 || logRatio === this.assumed) return false
    this.assumed = logRatio
    const ratio = Math.exp(logRatio)
    if (Math.abs(ratio / this.scale - 1) < LEAST_NEWS) return false
    this.scale = this.usualScale = ratio
    this.refactor()
    return true
  }

  isCurrent(nowMs: number): boolean {
    return this.fresh || nowMs - this.ranMs < RELAX_MS
  }

  relax(nowMs: number, ofNode: number | undefined): void {
    if (this.fresh) {
      this.fresh = false
      this.ranMs = this.restedMs = nowMs
      return
    }
    const least = this.leastScale(nowMs, ofNode)
    if (this.scale <= least) this.restedMs = nowMs
    else if (nowMs - this.restedMs >= RELAX_MS) {
      const { local } = this
      const factor = Math.max(RELAX, least / this.scale)
      this.scale *= factor
      for (let i = 0; i < KNOTS; i++) local[i] = Math.min(local[i]! * factor, this.scale)
      this.restedMs = nowMs
      this.refactor()
    }
  }

  doubt(): void {
    const { local } = this
    this.scale = doubted(this.scale)
    this.usualScale = Math.min(this.usualScale, this.scale)
    for (let i = 0; i < KNOTS; i++) local[i] = doubted(local[i]!)
    this.refactor()
  }

  /** What is left of its slowness when that was not seen again for so long. */
  private leastScale(nowMs: number, ofNode: number | undefined): number {
    const { usualWeight, usualScale } = this
    if (!this.ended || usualWeight === 0 || ofNode === undefined) return usualScale
    const least = BY_CHANCE * ofNode
    if (least >= usualScale) return usualScale
    const idleMs = nowMs - this.ranMs
    const stale = idleMs / (idleMs + STALE_MS * (this.usual - usualWeight))
    return usualScale * (least / usualScale) ** stale
  }

  private refactor(): void {
    const { gain: { doubt }, known, local, localWeight, pace, scale } = this
    for (let i = 0; i < KNOTS; i++) {
      known[i] = pace * (doubt * scale + local[i]! * localWeight[i]!) / (doubt + localWeight[i]!)
    }
  }

  /** What was found out takes the place of a guess, and of all that corrected it. */
  private rebase(points: readonly LatencyPoint[]): void {
    this.base = baseOf(points)
    this.scale = this.usualScale = 1
    this.local.fill(1)
    this.localWeight.fill(0)
    this.known.fill(0, BASES)
    this.refactor()
  }

  private factorOf(low: number, high: number, beyond: number): number {
    const factor = this.known[low]!
    return factor + (this.known[high]! - factor) * beyond
  }

  /** Of a usual batch. */
  private baseMs(batch: number): number {
    return this.known[BASES + batch] ||= this.base(batch)
  }

  private usualMs(batch: number): number {
    const factor = this.factorOf(LOW[batch]!, HIGH[batch]!, BEYOND[batch]!)
    return Math.max(this.baseMs(batch) * factor, 0.001)
  }
}
