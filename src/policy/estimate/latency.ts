/**
 * What a model of latency says of the batches of one variant on one node.
 *
 * @module
 */
import type { Base } from './base.ts'
import type { Surprise } from './surprise.ts'

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
  /** For now batches take so many times what is thought of them: 1 but for moments; see `profile/common.ts`. */
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
  /** Thinks that it is half as slow as it was thought to be, but no quicker than its base says. */
  doubt(): void
}
