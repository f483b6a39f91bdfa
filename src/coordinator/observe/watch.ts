/**
 * Queries and batches as they are followed, from the first byte to the last.
 *
 * @module
 */
import type { Answer, ItemOutcome, QueryId } from '../../policy/core/types.ts'
import type { Dispatch } from '../scheduler/driver.ts'

export interface WatchedQuery {
  /** As the answer has it. */
  id?: string
  pipeline: string
  /** On the coordinator's clock, as the deadline. */
  arrivedMs: number
  deadlineMs: number
}

/** Follows queries from arrival to answer. */
export interface QueryWatch {
  /** Called while the HTTP request is the active one. */
  began(query: QueryId, request: WatchedQuery): void
  /** @param answer undefined where the client left */
  ended(query: QueryId, answer: Answer | undefined, atMs: number): void
}

/** As the node tells it; `queueMs` is what it waited there behind its slot's batch before. */
export interface BatchTimes {
  computeMs: number
  queueMs: number
  networkMs: number
}

/** Follows batches from their dispatch to their results. */
export interface BatchWatch {
  sent(command: Dispatch, node: { id: string; name: string }, backend: string, atMs: number): void
  finished(command: Dispatch, outcomes: readonly ItemOutcome[], times: BatchTimes): void
  /** The batch came to nothing. */
  failed(command: Dispatch): void
}
