/**
 * What a finished batch means: profiles corrected, items served with their child items queued,
 * failures tried again, and queries answered whose last item is in.
 *
 * @module
 */
import type { FanOut } from '../estimate/fanout.ts'
import type { Pool } from './pool.ts'
import { type Batch, coolDown, restMs } from './slots.ts'
import type { Profile } from '../estimate/profile.ts'
import { type Item, type Query, serveItem } from './query.ts'
import type { FailureReason, ItemOutcome, PolicyEvent, StageRecord } from '../core/types.ts'
import type { Flights } from './flights.ts'

export interface FinishParts {
  profile: Profile
  fanOut: FanOut
  pool: Pool
  flights: Flights
  /** New items of one query and one task. */
  enqueue(items: readonly Item[]): void
  fail(query: Query, reason: FailureReason, message: string): void
  finish(query: Query): void
}

export type Finished = Extract<PolicyEvent, { type: 'batch_finished' }>

/** That a batch took more or less than was expected by up to such a share of it is no surprise. */
const EXPECTED = 0.25

const NO_OUTCOME: ItemOutcome = {
  ok: false,
  fatal: false,
  reason: 'node_failed',
  message: 'Cannot find the outcome of an item: the node sent too few',
}

/** What it says of its node that a batch of so many items took so long. */
export function learnTime(
  { slot, variant, besideLoad, allBesideLoad }: Batch,
  computeMs: number,
  count: number,
  profile: Profile,
): void {
  const { id } = slot.node
  // A load beside it takes a part of the node's time: that says how much, and nothing of the variant.
  if (!besideLoad || !profile.isKnown(id, variant)) profile.ran(id, variant, count, computeMs)
  else if (allBesideLoad) {
    profile.besideLoad(id, computeMs / profile.meanMs(id, variant, count))
  }
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
  if (anyServed) {
    learnTime(batch, event.computeMs, items.length || outcomes.length, profile)
    profile.sent(slot.node.id, variant.task, event.networkMs)
    pool.corrected(Math.abs(event.computeMs / batch.meanMs - 1) > EXPECTED)
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
  const served: Query[] = []
  const stages: StageRecord[] = []
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!
    const { query } = item
    // A batch that was given up is known no longer to its items: they went elsewhere.
    if (query.closed || item.batch !== batch.id) continue
    const outcome = event.outcomes[i] ?? NO_OUTCOME
    if (!outcome.ok) {
      if (outcome.fatal) parts.fail(query, outcome.reason, outcome.message)
      else flights.retryItem(item, batch, outcome.message, nowMs)
      continue
    }
    // Items of one query mostly stand together.
    let at = served.length - 1
    if (served[at] !== query) at = served.indexOf(query)
    if (at < 0) {
      at = served.push(query) - 1
      stages.push(stageOf(batch, event))
    }
    const stage = stages[at]!
    stage.items++
    stage.queueMs = Math.max(stage.queueMs, batch.dispatchedMs - item.queuedAtMs)
    serveItem(item, item.bound!, outcome, nowMs)
    for (let child = 0; child < item.children.length; child++) {
      fanOut.saw(variant, child, item.children[child]!.length)
    }
    for (const branch of item.children) parts.enqueue(branch)
  }
  for (let i = 0; i < served.length; i++) {
    const query = served[i]!
    const stage = stages[i]!
    stage.queueMs += event.nodeQueueMs
    query.stages.push(stage)
    if (query.openCount === 0) parts.finish(query)
  }
}

/** What the batch did for one query, to be filled in: its items, and how long they waited for it. */
const stageOf = (batch: Batch, event: Finished): StageRecord => ({
  task: batch.variant.task.name,
  variant: batch.variant.ref.variant,
  node: batch.slot.node.id,
  batch: batch.items.length,
  items: 0,
  queueMs: 0,
  networkMs: event.networkMs,
  computeMs: event.computeMs,
})
