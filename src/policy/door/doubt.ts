/**
 * Doubt: what is known of latency is of batches that ran, and where it has every query refused none
 * does. A machine that something else held up for some seconds would be thought slow for ever by a
 * pool whose only queries have less time than it seems to need.
 *
 * So where a query is refused that nobody stands before, and none of its pipeline was inside for a
 * while, what was learned of that pipeline is thought to be half as slow, down to what was measured or
 * what the file says: until one is let in, and shows what is so.
 *
 * @module
 */
import type { PipelineShape } from '../shape.ts'

export interface Doubt {
  /** The last query of a pipeline ended: none is inside. */
  emptied(shape: PipelineShape, nowMs: number): void
  /**
   * Whether a refusal is reason to doubt what is known.
   *
   * @param needMs what the quickest way is thought to take where nobody else is inside
   * @param leftMs the time that the query has
   * @param inside queries of its pipeline
   */
  refused(
    shape: PipelineShape,
    needMs: number,
    leftMs: number,
    inside: number,
    nowMs: number,
  ): boolean
}

/** None was inside for so long, and so long since it was last doubted. */
const QUIET_MS = 1000
/** It may be refused for what comes on top of the quickest way. */
const NEARLY = 0.8
/** Who needs so many times what it has, and has less than is usual, asks for what nobody can do. */
const BEYOND = 8

export function createDoubt(): Doubt {
  /** When the last one ended, or it was last doubted. */
  const sinceMs = new WeakMap<PipelineShape, number>()
  return {
    emptied: (shape, nowMs) => void sinceMs.set(shape, nowMs),
    refused(shape, needMs, leftMs, inside, nowMs) {
      if (inside > 0 || needMs < NEARLY * leftMs) return false
      if (needMs > BEYOND * leftMs && leftMs < NEARLY * shape.pipeline.sloMs) return false
      if (nowMs - (sinceMs.get(shape) ?? -Infinity) < QUIET_MS) return false
      sinceMs.set(shape, nowMs)
      return true
    },
  }
}
