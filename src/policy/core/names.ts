/**
 * Names used by events, commands and answers.
 *
 * @module
 */

/** Opaque handle by which the driver finds a payload or result. The policy never reads into it. */
export type Handle = unknown

export type QueryId = string
export type NodeId = string
export type BatchId = number
/** Index of a slot on its node, from 0. */
export type SlotIndex = number

/** Why a query has no result. The HTTP layer maps each to a status. */
export type FailureReason =
  | 'invalid_input'
  | 'too_large'
  | 'rate_limited'
  | 'internal'
  | 'node_failed'
  | 'queue_full'
  | 'infeasible_deadline'
  | 'no_capable_node'
  | 'draining'
  | 'deadline_exceeded'
