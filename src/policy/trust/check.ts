/**
 * One check: who is asked about which items, and what was said so far.
 *
 * @module
 */
import type { Finished } from '../state/finish.ts'
import type { DispatchedItem, NodeId } from '../core/types.ts'
import type { Held } from './held.ts'
import type { Asking } from './judges.ts'
import type { Vote } from './votes.ts'

/**
 * `replica`: others are asked the same. `canary`: one is asked what is known. `question`: nothing is
 * known of it yet.
 */
export interface Check extends Asking {
  items: DispatchedItem[]
  votes: Vote[]
  asked: Set<NodeId>
  /** Of each vote that came from a batch: what came of it, for whoever waits. */
  events: Map<Vote, Finished>
  /** Nodes that are at it; and whether the auditor is. */
  running: number
  auditing: boolean
  /** Results that wait for it; null where none do, or do any more. */
  held: Held | null
  sinceMs: number
  /** When it ends at the latest; and when it is to be looked at again, if nothing happens before. */
  dueMs: number
  lookMs: number
}

/** Milliseconds until one ends that nobody waits for. */
const AUDIT_MS = 30_000
/** Share of the time for a check that is left to those who are trusted, should they all be busy. */
const FOR_TRUSTED = 0.25

export function createCheck(
  given: Pick<Check, 'kind' | 'variant' | 'items' | 'votes'> & Partial<Check>,
  nowMs: number,
): Check {
  const dueMs = nowMs + AUDIT_MS
  const waitsMs = (given.held?.dueMs ?? dueMs) - nowMs
  return {
    ...{ target: null, held: null, running: 0, auditing: false, events: new Map() },
    ...{ sinceMs: nowMs, dueMs, lookMs: nowMs },
    openAtMs: given.kind === 'question' ? Infinity : nowMs + FOR_TRUSTED * waitsMs,
    asked: new Set(given.votes.flatMap(({ node }) => node ?? [])),
    ...given,
  }
}
