/**
 * Notes of a query that is traced.
 *
 * @module
 */
import type { Context } from '@opentelemetry/api'
import type { BatchId, Handle } from '../../../policy/core/types.ts'
import type { BatchTimes, WatchedQuery } from '../watch.ts'

/** The part of one batch in one query. Times are on the coordinator's clock. */
export interface TracedBatch {
  task: string
  variant: string
  node: string
  nodeClass: string
  backend: string
  /** Number of items in the batch, and of this query's items among them. */
  size: number
  items: number
  /** Time since which the first of these items waited. */
  queuedAtMs: number
  sentAtMs: number
  /** Absent while the batch is on its node. */
  ended?: BatchTimes & { atMs: number; reason?: string }
}

export interface TracedQuery {
  request: WatchedQuery
  /** Context with the span of its HTTP request. */
  parent: Context
  batches: Map<BatchId, TracedBatch>
  /** Time since which items wait that a batch of this query made, or lost. */
  waiting: Map<Handle, number>
  /** Time of the end of its last batch; before the first end, its own begin. */
  lastMs: number
}
