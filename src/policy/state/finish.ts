/**
 * Effects of a finished batch: profiles are corrected, served items queue their child items, failed items
 * are retried, and queries whose last item is done are answered.
 *
 * @module
 */
import type { Gather } from '../core/options.ts'
import type { FanOut } from '../estimate/fanout.ts'
import { latency } from '../estimate/params.ts'
import type { Profile } from '../estimate/profile.ts'
import type { VariantShape } from '../core/graph.ts'
import { createTable } from '../core/table.ts'
import type {
  BatchId,
  FailureReason,
  ItemOutcome,
  NodeId,
  PolicyEvent,
  StageRecord,
} from '../core/types.ts'
import type { Flights } from './flights.ts'
import { batch as B } from './params.ts'
import type { Pool } from './pool.ts'
import { type Item, type Query, serveItem } from './query.ts'
import { generates } from './rows.ts'
import { type Batch, type Extra, type Slot } from './node.ts'
import { coolDown, restMs } from './slots.ts'

export interface FinishParts {
  profile: Profile
  fanOut: FanOut
  pool: Pool
  flights: Flights
  gather: Gather
  registry: {
    /** Queues new items of one query and one task. */
    enqueue(items: readonly Item[]): void
    fail(query: Query, reason: FailureReason, message: string): void
    finish(query: Query): void
  }
}

export type Finished = Extract<PolicyEvent, { type: 'batch_finished' }>

const NO_OUTCOME: ItemOutcome = {
  ok: false,
  fatal: false,
  reason: 'node_failed',
  message: 'Cannot find the outcome of an item: the node sent too few',
}

/** By node and variant: moving mean of log(measured time / reported time). */
interface Seen {
  log: number
  samples: number
}

/**
 * Batch durations by the coordinator's clock. If two results arrive in sequence and the second batch
 * waited on the node for the first, the time between the results is its duration; and no batch takes
 * longer than from its dispatch to its result. If a node's reports are far off, the clock's value is used.
 */
export class Clock {
  /** By node and variant index: a node may be quick with one variant and slow with another. */
  private readonly nodes = new Map<NodeId, (Seen | undefined)[]>()

  /** The result with a credible `computeMs`. */
  finished({ slot, dispatchedMs, variant }: Batch, event: Finished, nowMs: number): Finished {
    const beforeMs = slot.endedMs
    slot.endedMs = nowMs
    const { computeMs } = event
    // A generating batch runs beside others.
    const fromMs = generates(variant) ? dispatchedMs : Math.max(beforeMs, dispatchedMs)
    const mostMs = nowMs - fromMs
    if (!(computeMs > 0) || !(mostMs > 0)) return event
    // The batch reached the node before the previous one ended; else the time includes the network.
    const waited = !generates(variant) && dispatchedMs + slot.node.times.roundTripMs() <= beforeMs
    const tookMs = waited ? mostMs : Math.min(computeMs, mostMs)
    const { id } = slot.node
    let own = this.nodes.get(id)
    if (own === undefined) this.nodes.set(id, own = [])
    const seen = own[variant.index] ??= { log: 0, samples: 0 }
    const most = Math.log(10)
    const log = Math.min(Math.max(Math.log(tookMs / computeMs), -most), most)
    seen.log += Math.max(latency.weight, 1 / ++seen.samples) * (log - seen.log)
    const isBelieved = seen.samples < 3 || Math.abs(seen.log) < Math.log(B.tolerated)
    return isBelieved ? event : { ...event, computeMs: tookMs }
  }

  left(node: NodeId): void {
    this.nodes.delete(node)
  }
}

/** Corrects the node's profile by the duration of a batch of `count` items. */
export function learnTime(
  { slot, variant, besideLoad, allBesideLoad }: Batch,
  computeMs: number,
  count: number,
  profile: Profile,
): void {
  const { id } = slot.node
  // A load beside the batch slows it: that tells the effect of loading, not the variant's latency.
  if (!besideLoad || !profile.isKnown(id, variant)) profile.ran(id, variant, count, computeMs)
  else if (allBesideLoad) {
    profile.besideLoad(id, computeMs / profile.meanMs(id, variant, count))
  }
}

/** Learns the node's times from a batch that was already taken off its slot. */
export function learnBatch(
  batch: Batch,
  event: Finished,
  { profile, pool }: FinishParts,
  nowMs: number,
): void {
  const { slot, variant, together } = batch
  const { outcomes } = event
  // A generating node rests between its steps.
  if (!generates(variant)) slot.restUntilMs = nowMs + restMs(slot.node.inUse, event.computeMs)
  if (outcomes.some(({ ok }) => ok)) {
    // A batch with an item that was given up tells nothing of the variant's latency.
    if (!outcomes.some((outcome) => !outcome.ok && outcome.fatal && outcome.excused)) {
      learnTime(batch, event.computeMs, together, profile)
    }
    profile.sent(slot.node.id, variant.task, event.networkMs)
    pool.capacities.corrected()
    slot.cooldowns.delete(variant)
  } else if (!outcomes.some((outcome) => !outcome.ok && outcome.fatal)) {
    coolDown(slot, variant, nowMs)
  }
}

/** Serves, retries or fails the items of a batch. */
export function serveBatch(batch: Batch, event: Finished, parts: FinishParts, nowMs: number): void {
  const { variant, items } = batch
  const { fanOut, flights, registry } = parts
  const served: Query[] = []
  const stages: StageRecord[] = []
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!
    const { query } = item
    // Items of a batch that was given up belong to another batch by now.
    if (query.closed || item.batch !== batch.id) continue
    const outcome = event.outcomes[i] ?? NO_OUTCOME
    if (!outcome.ok) {
      if (outcome.fatal) registry.fail(query, outcome.reason, outcome.message)
      else flights.retryItem(item, batch, outcome.message, nowMs)
      continue
    }
    let at = served.lastIndexOf(query)
    if (at < 0) {
      at = served.push(query) - 1
      stages.push(stageOf(batch, event))
    }
    const stage = stages[at]!
    stage.items++
    stage.queueMs = Math.max(stage.queueMs, batch.dispatchedMs - item.queuedAtMs)
    const late = serveItem(item, item.bound!, outcome, parts.gather, nowMs)
    item.children.forEach((branch, child) => {
      fanOut.saw(variant, child, branch.length)
      registry.enqueue(branch)
    })
    if (late.length > 0) registry.enqueue(late)
  }
  served.forEach((query, i) => {
    const stage = stages[i]!
    stage.queueMs += event.nodeQueueMs
    query.stages.push(stage)
    if (query.openCount === 0) registry.finish(query)
  })
}

/** The stage record of one query in a batch; its items and its queue time are filled in later. */
const stageOf = ({ variant, slot, size }: Batch, event: Finished): StageRecord => ({
  task: variant.task.name,
  variant: variant.ref.variant,
  node: slot.node.id,
  batch: size,
  items: 0,
  queueMs: 0,
  networkMs: event.networkMs,
  computeMs: event.computeMs,
})

/** The sender of a batch that no query waits for: a check or a hedge. */
interface Owner {
  finished(batch: Batch, event: Finished, nowMs: number): void
  /** The batch failed, was given up, or was lost with its node. */
  lost(batch: Batch, nowMs: number): void
}

/** Batches that no query waits for, by owner. */
export class ExtraBatches {
  private readonly owners = createTable<BatchId, Owner>()

  constructor(private readonly flights: Pick<Flights, 'sendExtra'>) {}

  send(slot: Slot, variant: VariantShape, extra: Extra, owner: Owner, nowMs: number): Batch {
    const batch = this.flights.sendExtra(slot, variant, extra, nowMs)
    this.owners.set(batch.id, owner)
    return batch
  }

  /** The owner of a batch that ended; undefined for a batch with waiting queries. */
  take(id: BatchId): Owner | undefined {
    if (this.owners.size === 0) return undefined
    const owner = this.owners.get(id)
    this.owners.delete(id)
    return owner
  }
}

export type Extras = Pick<ExtraBatches, 'send' | 'take'>
