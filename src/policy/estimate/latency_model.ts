/**
 * Latency of one variant on one node: a base over the batch size (measured points, or a prior), scaled by
 * the batches that ran, with its variance. Batches around each power of two have a scale of their own,
 * weighted by how many of them ran recently.
 *
 * If batch times vary little, a batch moves the scale in full, so that a slowdown is noticed within a few
 * batches. If they vary, that would follow noise, so a batch moves the scale less, unless the recent errors
 * have a mean that chance does not explain: the tracking signal of Trigg and Leach, "Exponential Smoothing
 * with an Adaptive Response Rate", Operational Research Quarterly 18 (1967).
 *
 * @module
 */
import { type Base, baseOf } from './base.ts'
import { Exploration } from './exploration.ts'
import { common, latency as L } from './params.ts'

/** Latency of a batch. About 95 of 100 batches do not exceed `upperMs`. */
export interface Latency {
  meanMs: number
  upperMs: number
}

/** Base values are cached for batch sizes below this. */
const KEPT = 65
/** Powers of two with a scale of their own: 1 to 64. */
const OWN = 7

export const upperOf = (variance: number): number => 1 + L.upper * Math.sqrt(variance)

export interface ModelGiven {
  base: Base
  /** Whether the base is points that the node measured, not a guess. */
  isMeasured: boolean
  /** Whether the base includes larger batches. */
  knowsBatches: boolean
  /** See `LatencyModel.pace`. */
  pace: number
}

/** State that a model learned from batches. */
export interface Learned {
  readonly scale: number
  readonly usualScale: number
  readonly own: Float64Array
  readonly ownCount: Float64Array
}

/** A class, since there is one for each variant of each node: engines inline methods, not closures. */
export class LatencyModel {
  base: Base
  readonly isMeasured: boolean
  /** Current factor on the scale: see `common_mode.ts`. */
  pace: number
  /** Whether a batch ended; before that everything is a guess. */
  hasRun = false
  /**
   * Of the last batch: log(taken / expected time), minus its mean; undefined while the expectation is a
   * guess. `deviation` is its standard deviation by chance.
   */
  surprise: number | undefined
  deviation = 0
  private readonly given: Base
  private readonly exploration: Exploration | undefined
  private scale = 1
  private variance: number
  private upper: number
  /** The variance without outliers. */
  private calm: number
  /** Number of batches that the common scale counts as, against those of one size: more if times vary. */
  private chance = 1
  /** Moving mean of the recent relative errors. */
  private error = 0
  private observed = 0
  /** Long-run scale, without lost batches; and the number of batches in it. */
  private usualScale = 1
  private usual: number
  /** Whether there were batches since the last `relax`. */
  private fresh = true
  private restedMs = 0
  private readonly bases = new Float64Array(KEPT)
  /** Scales of batches around each power of two, and number of batches they count as. */
  private readonly own = new Float64Array(OWN).fill(1)
  private readonly ownCount = new Float64Array(OWN)

  constructor({ base, isMeasured, knowsBatches, pace }: ModelGiven) {
    this.base = this.given = base
    this.isMeasured = isMeasured
    this.pace = pace
    this.usual = isMeasured ? L.measured : 0
    this.exploration = knowsBatches ? undefined : new Exploration(isMeasured ? base(1) : undefined)
    this.variance = this.calm = (isMeasured ? L.measuredSpread : L.guessSpread) ** 2
    this.upper = upperOf(this.variance)
  }

  /** Batches up to this size are to be tried; 0 if larger ones are known. */
  get trialSize(): number {
    return this.exploration?.trialSize ?? 0
  }

  /** Hoped time of a batch of a tried size. */
  hopedMs(batch: number): number {
    const ms = this.meanMs(batch)
    return Math.min(this.exploration?.hopedMs(batch) ?? ms, ms)
  }

  meanMs(batch: number): number {
    return Math.max(this.baseMs(batch) * this.scaleAt(batch) * this.pace, 1e-3)
  }

  upperMs(batch: number): number {
    return this.meanMs(batch) * this.upper
  }

  /** Ratio of upper to mean latency, of any batch. */
  upperTimes(): number {
    return this.upper
  }

  /** Log of measured over reported time, of batches that ended; undefined before the first. */
  logRatio(): number | undefined {
    return this.hasRun ? Math.log(this.usualScale * this.base(1) / this.given(1)) : undefined
  }

  /** A batch ended, or was lost after `computeMs`. Returns the credited time, without the pace. */
  observe(batch: number, computeMs: number, lost: boolean): number {
    const expectedMs = this.meanMs(batch)
    // The first batches may rightly be far from a prior.
    const bound = this.observed < L.measured ? L.outlier ** 3 : L.outlier
    const times = Math.min(Math.max(computeMs / expectedMs, 1 / bound), bound)
    const ownMs = times * expectedMs / this.pace
    const ratio = ownMs / this.baseMs(batch)
    const count = this.observed + (this.isMeasured ? L.measured : 0)
    const weight = this.weight()
    this.scale += Math.max(weight, 1 / (count + 1)) * (ratio - this.scale)
    this.learnOwn(batch, ratio, weight)
    if (this.observed > 0) this.spread(Math.min(times, L.outlier) - 1)
    this.compare(Math.log(times))
    this.observed++
    this.fresh = true
    if (!lost) {
      this.hasRun = true
      this.usual++
      this.usualScale += Math.max(L.slowWeight, 1 / this.usual) * (ratio - this.usualScale)
    }
    const found = this.exploration?.ended(batch, ownMs, lost)
    if (found !== undefined) this.rebase(baseOf(found))
    return ownMs
  }

  /** A trial batch exceeded its hoped time and was called off. */
  triedInVain(batch: number): void {
    this.exploration?.ended(batch, 0, true)
  }

  learned(): Learned {
    const { scale, usualScale, own, ownCount } = this
    return { scale, usualScale, own: own.slice(), ownCount: ownCount.slice() }
  }

  /** Restores an earlier state: batches since then were affected by a common change. */
  unlearn({ scale, usualScale, own, ownCount }: Learned): void {
    this.scale = scale
    this.usualScale = usualScale
    this.own.set(own)
    this.ownCount.set(ownCount)
  }

  /** Scales the common pace. */
  changePace(times: number): void {
    this.pace *= times
    this.variance = Math.min(this.variance, this.calm)
    this.upper = upperOf(this.variance)
  }

  /** Makes a common slowdown a permanent part of the model. */
  settlePace(times: number): void {
    this.scale *= times
    this.usualScale *= times
    for (let k = 0; k < OWN; k++) this.own[k]! *= times
    this.pace /= times
  }

  /** Sets the scale, as log(time / base), if no batch was seen yet. */
  assume(logRatio: number): void {
    if (this.observed === 0) this.scale = this.usualScale = Math.exp(logRatio)
  }

  /** Halves a slowdown towards the usual scale if no batch ran for a while. */
  relax(nowMs: number): void {
    if (this.fresh || this.scale <= this.usualScale) this.restedMs = nowMs
    else if (nowMs - this.restedMs >= L.fadeMs) {
      const scale = Math.max(this.scale / 2, this.usualScale)
      this.own.forEach((one, i) => this.own[i] = Math.min(one * scale / this.scale, scale))
      this.scale = scale
      this.restedMs = nowMs
    }
    this.fresh = false
  }

  /** Halves the estimated latency, but not below the reported one. */
  doubt(): void {
    const least = Math.min(1, this.given(1) / this.base(1))
    const doubted = (scale: number) => Math.min(scale, Math.max(least, scale / 2))
    this.scale = doubted(this.scale)
    this.own.forEach((one, i) => this.own[i] = doubted(one))
    this.usualScale = Math.min(this.usualScale, this.scale)
  }

  /** Scale at a batch size, interpolated between powers of two. */
  private scaleAt(batch: number): number {
    const at = Math.min(Math.log2(Math.max(batch, 1)), OWN - 1)
    const low = Math.floor(at)
    const below = this.ownScale(low)
    return low === at ? below : below + (at - low) * (this.ownScale(low + 1) - below)
  }

  private ownScale(i: number): number {
    const count = this.ownCount[i]!
    return (this.scale * this.chance + this.own[i]! * count) / (this.chance + count)
  }

  private learnOwn(batch: number, ratio: number, weight: number): void {
    const { own, ownCount } = this
    const i = Math.round(Math.min(Math.log2(Math.max(batch, 1)), OWN - 1))
    for (let k = 0; k < OWN; k++) ownCount[k]! *= 1 - L.slowWeight
    const before = ownCount[i]!
    ownCount[i] = Math.min(before + 1, L.mostOwn)
    own[i]! += Math.max(weight, 1 / (before + 1)) * (ratio - own[i]!)
  }

  private weight(): number {
    const { calm, error } = this
    const alike = Math.min(1, L.alike ** 2 / calm)
    // Expected square of the mean error by chance; from there to four times that, a change is assumed.
    const byChance = calm * L.slowWeight / (2 - L.slowWeight)
    const changed = Math.min(Math.max((error * error / byChance - 1) / 3, 0), 1)
    return L.weight * (alike + (1 - alike) * changed)
  }

  private spread(error: number): void {
    this.error += L.slowWeight * (error - this.error)
    const variance = this.variance + L.slowWeight * (error * error - this.variance)
    this.variance = Math.max(L.leastSpread ** 2, variance)
    this.upper = upperOf(this.variance)
  }

  private compare(took: number): void {
    // The median of a lognormal is this far below its mean.
    const log = took + Math.log1p(this.calm) / 2
    const isNew = this.observed < common.established
    this.deviation = Math.max(common.leastDeviation, Math.sqrt(this.calm))
    if (isNew && this.isMeasured) this.deviation = Math.hypot(this.deviation, common.measured)
    this.surprise = isNew && !this.isMeasured ? undefined : log
    const isOutlier = this.surprise !== undefined &&
      Math.abs(log) > common.deviations * this.deviation
    if (!isOutlier) this.calm = this.variance
    this.chance = Math.max(1, this.calm / L.bend ** 2)
  }

  /** Replaces a guessed base by the explored one, and resets its corrections. */
  private rebase(base: Base): void {
    this.base = base
    this.scale = this.usualScale = 1
    this.own.fill(1)
    this.ownCount.fill(0)
    this.bases.fill(0)
  }

  private baseMs(batch: number): number {
    if (batch < KEPT && Number.isInteger(batch)) return this.bases[batch] ||= this.base(batch)
    return this.base(batch)
  }
}
