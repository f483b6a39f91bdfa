/**
 * What a finished batch means: profiles corrected, items served with their child items queued,
 * failures tried again, and queries answered whose last item is in.
 *
 * @module
 */
import type { FanOut } from './fanout.ts'
import type { Flights } from './flights.ts'
import type { Pool } from './pool.ts'
import type { Profile } from './profile.ts'
import { type Item, type Query, serveItem } from './query.ts'
import { type Batch, coolDown, restMs } from './slots.ts'
import type { FailureReason, ItemOutcome, PolicyEvent } from './types.ts'

export interface FinishParts {
  profile: Profile
  fanOut: FanOut
  pool: Pool
  flights: Flights
  enqueue(items: readonly Item[]): void
  fail(query: Query, reason: FailureReason, message: string): void
  finish(query: Query): void
}

export type Finished = Extract<PolicyEvent, { type: 'batch_finished' }>

const NO_OUTCOME: ItemOutcome = {
  ok: false,
  fatal: false,
  reason: 'node_failed',
  message: 'Cannot find the outcome of an item: the node sent too few',
}

/** What a batch says of its node. The batch is off its slot and the books already. */
export function learnBatch(
  batch: Batch,
  event: Finished,
  parts: FinishParts,
  nowMs: number,
): void {
  const { slot, variant, items } = batch
  const { profile, pool } = parts
  const { outcomes } = event
  const anyServed = outcomes.some(({ ok }) => ok)
  slot.restUntilMs = nowMs + restMs(slot.node, event.computeMs)
  // A load beside it takes a part of the node's time: that says how much, and nothing of the variant.
  const disturbed = batch.besideLoad && profile.isKnown(slot.node.id, variant)
  if (anyServed) {
    const count = items.length || outcomes.length
    if (!disturbed) profile.ran(slot.node.id, variant, count, event.computeMs)
    else if (batch.allBesideLoad) {
      profile.besideLoad(
        slot.node.id,
        event.computeMs / profile.meanMs(slot.node.id, variant, count),
      )
    }
    profile.sent(slot.node.id, variant.task, event.networkMs)
    pool.corrected()
    slot.cooldowns.delete(variant)
  } else if (!outcomes.some((outcome) => !outcome.ok && outcome.fatal)) {
    coolDown(slot, variant, nowMs)
  }
}

/** What a batch says of its items. */
export function serveBatch(
  batch: Batch,
  event: Finished,
  parts: FinishParts,
  nowMs: number,
): void {
  const { variant, items } = batch
  const { fanOut, flights } = parts
  const outcomes = items.map((_, i) => event.outcomes[i] ?? NO_OUTCOME)
  // A batch that was given up is known no longer to its items: they went elsewhere.
  const wanted = items.map((item) => !item.query.closed && item.batch === batch.id)
  record(batch, event, outcomes, wanted)
  const touched = new Set<Query>()
  items.forEach((item, i) => {
    if (!wanted[i] || item.query.closed) return
    const outcome = outcomes[i]!
    if (!outcome.ok) {
      if (outcome.fatal) parts.fail(item.query, outcome.reason, outcome.message)
      else flights.retryItem(item, batch, outcome.message, nowMs)
      return
    }
    const prefix = item.bound!
    const children = serveItem(item, prefix, outcome, nowMs)
    variant.task.next.forEach((_, child) =>
      fanOut.saw(variant, child, item.children[child]!.length)
    )
    parts.enqueue(children)
    touched.add(item.query)
  })
  for (const query of touched) {
    if (query.open.size === 0) parts.finish(query)
  }
}

/** One stage record for each query that the batch served. */
function record(
  batch: Batch,
  event: Finished,
  outcomes: readonly ItemOutcome[],
  wanted: readonly boolean[],
): void {
  const rows = new Map<Query, { items: number; waitedMs: number }>()
  batch.items.forEach((item, i) => {
    if (!wanted[i] || !outcomes[i]!.ok) return
    const row = rows.get(item.query) ?? { items: 0, waitedMs: 0 }
    row.items++
    row.waitedMs = Math.max(row.waitedMs, batch.dispatchedMs - item.queuedAtMs)
    rows.set(item.query, row)
  })
  for (const [query, { items, waitedMs }] of rows) {
    query.stages.push({
      task: batch.variant.task.name,
      variant: batch.variant.ref.variant,
      node: batch.slot.node.id,
      batch: batch.items.length,
      items,
      queueMs: waitedMs + event.nodeQueueMs,
      networkMs: event.networkMs,
      computeMs: event.computeMs,
    })
  }
}
