/**
 * The scheduler's answer to a query when it has ended.
 *
 * @module
 */
import type { FailureReason, Handle, NodeId } from './names.ts'

/** One batch that served a part of a query. Latencies in milliseconds. */
export interface StageRecord {
  task: string
  variant: string
  node: NodeId
  /** Items of the whole batch, and those of this query. */
  batch: number
  items: number
  queueMs: number
  networkMs: number
  computeMs: number
}

export interface FinishedItem {
  task: string
  /** Index of the parent in the answer's `items`; -1 for the root. */
  parent: number
  payload: Handle
  result: Handle
}

export type Answer =
  | {
    ok: true
    /** Mean path accuracy over the leaf items. */
    accuracy: number
    /** Present if some results were neither given nor confirmed by a trusted node. */
    verified?: false
    /** Items served by task and variant. */
    path: { [task: string]: { [variant: string]: number } }
    stages: StageRecord[]
    /** Every item of the query, depth first in reading order: parents before children. */
    items: FinishedItem[]
  }
  | {
    ok: false
    reason: FailureReason
    message: string
    /** ms after which a retry can succeed; absent if none can. */
    retryAfterMs?: number
  }
