/**
 * Latency of one variant on one node: a base over the batch size (measured points, or a prior), scaled
 * by the batches that ran, with its variance. Batches around each power of two have a scale of their own,
 * which counts for as much as ran of them of late.
 *
 * A batch moves the scale in full where batches are much alike, so that a node that gets slower is
 * known to be within a few. Where they vary that would follow chance, so there it moves it less, unless
 * the errors of late have a mean that chance does not explain: the tracking signal of Trigg and Leach,
 * "Exponential Smoothing with an Adaptive Response Rate", Operational Research Quarterly 18 (1967).
 *
 * @module
 */
import { type Base, baseOf } from './base.ts'
import { Exploration } from './exploration.ts'
import { common, latency as L } from './params.ts'

/** Of one batch, in milliseconds. `upperMs` is not exceeded by about 95 of 100 batches. */
export interface Latency {
  meanMs: number
  upperMs: number
}

/** Sizes below this have their base kept. */
const KEPT = 65
/** Powers of two that have a scale of their own: 1 to 64. */
const OWN = 7

export const upperOf = (variance: number): number => 1 + L.upper * Math.sqrt(variance)

export interface ModelGiven {
  base: Base
  /** The base is points that the node measured, no guess. */
  isMeasured: boolean
  /** The base knows what larger batches take. */
  knowsBatches: boolean
  /** See `LatencyModel.pace`. */
  pace: number
}

/** What batches showed of one model. */
export interface Learned {
  readonly scale: number
  readonly usualScale: number
  readonly own: Float64Array
  readonly ownCount: Float64Array
}

/** A class, as there is one for each variant of each node: engines inline methods, and not closures. */
export class LatencyModel {
  base: Base
  readonly isMeasured: boolean
  /** For now batches take so many times what the scale says: see `common_mode.ts`. */
  pace: number
  /** A batch ended; before that everything is a guess. */
  hasRun = false
  /**
   * Of the last batch: what it took for what was expected, as a logarithm, less the mean of that;
   * undefined while what is expected is a guess. And how far chance alone brings it.
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
  /** Batches that the scale of all counts as, beside those of one size: more where they vary. */
  private chance = 1
  /** Mean of the errors of late. */
  private error = 0
  private observed = 0
  /** The scale over the long run, without lost batches; and of how many batches. */
  private usualScale = 1
  private usual: number
  /** There were batches since `relax` last looked. */
  private fresh = true
  private restedMs = 0
  private readonly bases = new Float64Array(KEPT)
  /** Scales of batches around each power of two, and batches that they count as. */
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

  /** Batches up to this size are to be tried; 0 where larger ones are known. */
  get trialSize(): number {
    return this.exploration?.trialSize ?? 0
  }

  /** What a batch of a size that is tried is hoped to take. */
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

  /** Upper for mean latency, of any batch. */
  upperTimes(): number {
    return this.upper
  }

  /** Of batches that ended, what they took for what the node said; undefined before the first. */
  logRatio(): number | undefined {
    return this.hasRun ? Math.log(this.usualScale * this.base(1) / this.given(1)) : undefined
  }

  /** A batch ended, or was lost after so long. Returns what of that was believed, less the pace. */
  observe(batch: number, computeMs: number, lost: boolean): number {
    const expectedMs = this.meanMs(batch)
    // The first batches may be far from a prior, and rightly.
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

  /** A batch of a size that is being tried took longer than was hoped, and was called off. */
  triedInVain(batch: number): void {
    this.exploration?.ended(batch, 0, true)
  }

  learned(): Learned {
    const { scale, usualScale, own, ownCount } = this
    return { scale, usualScale, own: own.slice(), ownCount: ownCount.slice() }
  }

  /** What batches since then showed is no news of this model. */
  unlearn({ scale, usualScale, own, ownCount }: Learned): void {
    this.scale = scale
    this.usualScale = usualScale
    this.own.set(own)
    this.ownCount.set(ownCount)
  }

  /** What it has in common with others is so many times as slow as it was. */
  changePace(times: number): void {
    this.pace *= times
    this.variance = Math.min(this.variance, this.calm)
    this.upper = upperOf(this.variance)
  }

  /** A slowdown is for good. */
  settlePace(times: number): void {
    this.scale *= times
    this.usualScale *= times
    for (let k = 0; k < OWN; k++) this.own[k]! *= times
    this.pace /= times
  }

  /** Until a batch was seen: thinks that batches take so many times the base, as a logarithm. */
  assume(logRatio: number): void {
    if (this.observed === 0) this.scale = this.usualScale = Math.exp(logRatio)
  }

  /** Lets slowness that was not seen again for a while fade to what is usual. */
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

  /** Thinks that it is half as slow as it was thought to be, but no quicker than it was said to be. */
  doubt(): void {
    const least = Math.min(1, this.given(1) / this.base(1))
    const doubted = (scale: number) => Math.min(scale, Math.max(least, scale / 2))
    this.scale = doubted(this.scale)
    this.own.forEach((one, i) => this.own[i] = doubted(one))
    this.usualScale = Math.min(this.usualScale, this.scale)
  }

  /** Between two powers of two their scales are mixed. */
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
    // By chance the square of the mean error is so much; from there to four times that it is a change.
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
    // The median of a lognormal is so far below its mean.
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

  /** What was found out replaces a guess, and all that corrected it. */
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
