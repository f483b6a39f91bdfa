/**
 * What the scheduler says of a query when it has ended.
 *
 * @module
 */
import type { FailureReason, Handle, NodeId } from './names.ts'

/** What served part of a query: one entry a batch. Latencies in milliseconds. */
export interface StageRecord {
  task: string
  variant: string
  node: NodeId
  /** Items in the whole batch, and of this query among them. */
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
    /** No known party said or confirmed some of it. */
    verified?: false
    /** Items served per task and variant. */
    path: { [task: string]: { [variant: string]: number } }
    stages: StageRecord[]
    /** Every item of the query, depth first in reading order: parents before children. */
    items: FinishedItem[]
  }
  | {
    ok: false
    reason: FailureReason
    message: string
    /** When a later try can succeed; absent where none can. */
    retryAfterMs?: number
  }
