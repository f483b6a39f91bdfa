/**
 * Results that wait for a check, and what becomes of them when they have waited.
 *
 * @module
 */
import type { Finished } from '../state/finish.ts'
import type { Batch } from '../state/slots.ts'
import type { Vote } from './votes.ts'

export interface Held {
  batch: Batch
  event: Finished
  /** Which of its items are checked: the others failed by their node's own word. */
  positions: number[]
  /** When they wait no longer, on the clock of the rules. */
  dueMs: number
}

/** What was said of the items of a check. */
export interface Heard {
  votes: readonly Vote[]
  /** Of each vote that came from a batch: what came of it. */
  events: ReadonlyMap<Vote, Finished>
}

export interface ReleaseParts {
  /** Whether another voter of the pool could be asked about what a batch said. */
  couldAsk(batch: Batch, nowMs: number): boolean
  /** Takes in what a batch says of its items. */
  serve(batch: Batch, event: Finished, nowMs: number): void
  retry(batch: Batch, message: string, nowMs: number): void
}

/** They are taken, another node's are in their place, or the items are done anew. */
export function release(
  { batch, event, positions }: Held,
  { votes, events }: Heard,
  right: readonly Vote[] | undefined,
  parts: ReleaseParts,
  nowMs: number,
): void {
  const alone = right === undefined && votes.length === 1 && !parts.couldAsk(batch, nowMs)
  if (alone || right?.includes(votes[0]!)) return parts.serve(batch, event, nowMs)
  const winner = right?.find((vote) => events.has(vote))
  if (winner === undefined) {
    return parts.retry(batch, 'Cannot take a result that no other node confirms', nowMs)
  }
  const said = events.get(winner)!
  const outcomes = [...event.outcomes]
  positions.forEach((position, i) => outcomes[position] = said.outcomes[i]!)
  const { slot } = batch
  // The auditor has no slot in the pool: what is told of the batch names its node alone.
  const by = { ...slot, node: { ...slot.node, id: winner.node! } }
  parts.serve({ ...batch, slot: by }, { ...said, outcomes }, nowMs)
}
