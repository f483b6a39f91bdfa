/**
 * What to do about a part that got no result.
 *
 * @module
 */
import { ApiError } from '../core/api_error.ts'
import type { Failure } from './types.ts'
import { DocumentFault } from './work.ts'

/**
 * `input`: it is what was handed in, and fails again. `refused`: nothing was tried, and it can be later.
 * `fault`: it went wrong underway.
 */
export type FaultKind = 'input' | 'refused' | 'fault'

const INPUT = new Set(['invalid_input', 'too_large', 'unsupported_type', 'encrypted'])
const REFUSED = new Set([
  ...['queue_full', 'infeasible_deadline', 'no_capable_node', 'draining', 'rate_limited'],
  // The pipeline is not served just now: its folder may come back.
  'unknown_pipeline',
])
/** The pool was asked for too much, or too soon. */
const CROWDED = new Set(['queue_full', 'infeasible_deadline', 'rate_limited'])
/** A later deadline would have helped. */
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
