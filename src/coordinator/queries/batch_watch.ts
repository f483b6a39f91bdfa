/**
 * Whoever follows batches from the first byte to the last.
 *
 * @module
 */
import type { ItemOutcome, PolicyCommand } from '../../policy/core/types.ts'
import type { PooledNode } from '../nodes/nodes.ts'

export type Dispatch = Extract<PolicyCommand, { type: 'dispatch' }>

/** As the node tells it; `queueMs` is what it waited there behind its slot's batch before. */
export interface BatchTimes {
  computeMs: number
  queueMs: number
  networkMs: number
}

export interface BatchWatch {
  sent(command: Dispatch, node: PooledNode, atMs: number): void
  finished(command: Dispatch, outcomes: readonly ItemOutcome[], times: BatchTimes): void
  /** It came to nothing. */
  failed(command: Dispatch): void
}
