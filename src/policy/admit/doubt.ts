/**
 * Doubt. Latency estimates come from batches that ran. If the estimates have every query refused, no
 * batch runs and they never change: a machine that other work slowed for some seconds would count as
 * slow for ever in a pool whose queries all have less time than it seems to need.
 *
 * So a refusal is reason for doubt if no query is ahead and no query of the pipeline has been inside for
 * a pause. The learned latency of the pipeline is then halved, down to the measured value or the one of
 * the pipeline file, until a query is admitted and its batch shows the true value. The pause doubles when
 * the estimate was right.
 *
 * @module
 */
import type { PipelineShape } from '../core/graph.ts'
import { doubt as D } from './params.ts'

export interface Doubt {
  /**
   * A query of a pipeline ended.
   *
   * @param inside queries of the pipeline that are left
   * @param inTime undefined if it was cancelled, or failed for another reason than its deadline
   */
  ended(shape: PipelineShape, inside: number, inTime: boolean | undefined, nowMs: number): void
  /**
   * Whether a refusal is reason to doubt the estimates.
   *
   * @param needMs estimated duration of the quickest path with no query ahead
   * @param leftMs time that the query has
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

/** Doubt about one pipeline. */
interface Doubted {
  /** When its last query ended, or its estimates were last doubted. */
  sinceMs: number
  quietMs: number
  /** Whether it was doubted and no query has shown since whether the estimate was right. */
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
