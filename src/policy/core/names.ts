/**
 * What events, commands and answers name things by.
 *
 * @module
 */

/** Whatever the driver needs to find a payload or result again. Never looked into here. */
export type Handle = unknown

export type QueryId = string
export type NodeId = string
export type BatchId = number
/** Index of a slot on its node, from 0. */
export type SlotIndex = number

/** Why a query got no result. The HTTP layer maps each to a status. */
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
