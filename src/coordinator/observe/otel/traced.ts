/**
 * What is noted of a query that is traced.
 *
 * @module
 */
import type { Context } from '@opentelemetry/api'
import type { BatchId, Handle } from '../../../policy/core/types.ts'
import type { BatchTimes, WatchedQuery } from '../watch.ts'

/** What one batch did for one query. Moments are on the coordinator's clock. */
export interface TracedBatch {
  task: string
  variant: string
  node: string
  nodeClass: string
  backend: string
  /** Items in the whole batch, and of this query among them. */
  size: number
  items: number
  /** Since when the first of these items waited. */
  queuedAtMs: number
  sentAtMs: number
  /** Absent while the node has it. */
  ended?: BatchTimes & { atMs: number; reason?: string }
}

export interface TracedQuery {
  request: WatchedQuery
  /** Holds the span of its HTTP request. */
  parent: Context
  batches: Map<BatchId, TracedBatch>
  /** Since when items wait that a batch of this query made, or lost. */
  waiting: Map<Handle, number>
  /** When the last of its batches ended; its own begin until then. */
  lastMs: number
}
