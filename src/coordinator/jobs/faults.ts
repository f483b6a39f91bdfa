/**
 * Kinds of faults of parts, which decide what follows.
 *
 * @module
 */
import { ApiError } from '../core/api_error.ts'
import type { Failure } from './types.ts'
import { DocumentFault } from './work.ts'

/**
 * `input`: the document is at fault, and fails again. `refused`: the part was not tried, and can be
 * later. `fault`: the part failed while it ran.
 */
export type FaultKind = 'input' | 'refused' | 'fault'

const INPUT = new Set(['invalid_input', 'too_large', 'unsupported_type', 'encrypted'])
const REFUSED = new Set([
  ...['queue_full', 'infeasible_deadline', 'no_capable_node', 'draining', 'rate_limited'],
  // The pipeline is not served now: its folder may come back.
  'unknown_pipeline',
])
/** Refusals of a pool with too much work. */
const CROWDED = new Set(['queue_full', 'infeasible_deadline', 'rate_limited'])
/** Faults that a later deadline would have prevented. */
const HURRIED = new Set(['infeasible_deadline', 'deadline_exceeded'])

export interface PartFault extends Failure {
  kind: FaultKind
  crowded: boolean
  hurried: boolean
  retryAfterMs: number
}

const isFinal = (error: unknown) => error instanceof DocumentFault && error.isFinal

export function faultOf(error: unknown): PartFault {
  const { reason, message } = failureOf(error)
  return {
    ...{ reason, message, crowded: CROWDED.has(reason), hurried: HURRIED.has(reason) },
    kind: INPUT.has(reason) || isFinal(error) ? 'input' : REFUSED.has(reason) ? 'refused' : 'fault',
    retryAfterMs: error instanceof ApiError ? error.retryAfterMs ?? 0 : 0,
  }
}

export function failureOf(error: unknown): Failure {
  if (error instanceof DocumentFault) return error.failure
  if (error instanceof ApiError) return { reason: error.reason, message: error.message }
  return { reason: 'internal', message: `Cannot go on: ${(error as Error).message}` }
}
