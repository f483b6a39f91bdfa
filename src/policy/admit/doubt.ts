/**
 * Doubt: what is known of latency is of batches that ran, and where it has every query refused none
 * does. A machine that something else held up for some seconds would be thought slow for ever by a
 * pool whose only queries have less time than it seems to need.
 *
 * So where a query is refused that nobody stands before, and none of its pipeline was inside for a
 * while, what was learned of that pipeline is thought to be half as slow, down to what was measured or
 * what the file says: until one is let in, and shows what is so. Each time that one shows that it was
 * no mistake, the while is twice as long.
 *
 * @module
 */
import type { PipelineShape } from '../core/graph.ts'
import { doubt as D } from './params.ts'

export interface Doubt {
  /**
   * A query of a pipeline ended.
   *
   * @param inside how many of it are left
   * @param inTime unknown where it was called off, or failed for something else
   */
  ended(shape: PipelineShape, inside: number, inTime: boolean | undefined, nowMs: number): void
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

/** What is doubted of one pipeline. */
interface Doubted {
  /** When the last one ended, or it was last doubted. */
  sinceMs: number
  quietMs: number
  /** Doubted, and none showed since whether that was right. */
  open: boolean
}

export function createDoubt(): Doubt {
  const known = new WeakMap<PipelineShape, Doubted>()

  function of(shape: PipelineShape): Doubted {
    let one = known.get(shape)
    if (one === undefined) {
      known.set(shape, one = { sinceMs: -Infinity, quietMs: D.quietMs, open: false })
    }
    return one
  }

  return {
    ended(shape, inside, inTime, nowMs) {
      const one = of(shape)
      if (inside === 0) one.sinceMs = nowMs
      if (inTime === undefined) return
      if (inTime) one.quietMs = D.quietMs
      else if (one.open) one.quietMs = Math.min(2 * one.quietMs, D.mostQuietMs)
      one.open = false
    },
    refused(shape, needMs, leftMs, inside, nowMs) {
      if (inside > 0 || needMs < D.nearly * leftMs) return false
      if (needMs > D.beyond * leftMs && leftMs < D.nearly * shape.pipeline.sloMs) return false
      const one = of(shape)
      if (nowMs - one.sinceMs < one.quietMs) return false
      one.sinceMs = nowMs
      one.open = true
      return true
    },
  }
}
