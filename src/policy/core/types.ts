/**
 * What goes into the scheduler and what comes out. Plain data: no socket, no timer, no clock.
 *
 * Time is `nowMs`, monotonic, of the one who drives. Payloads and results are opaque handles that
 * travel through untouched; the driver knows what they stand for.
 *
 * @module
 */

import type { Pipeline } from '../../pipeline/schema.ts'
import type { Answer } from './answer.ts'
import type { Elastic, InUse, Prefer } from './elastic.ts'
import type { ExtraWork } from './extra_work.ts'
import type { BatchId, FailureReason, Handle, NodeId, QueryId, SlotIndex } from './names.ts'

export type { Answer, FinishedItem, StageRecord } from './answer.ts'
export type { BatchId, FailureReason, Handle, NodeId, QueryId, SlotIndex } from './names.ts'

/** Names one variant of one task of one pipeline. */
export interface VariantRef {
  pipeline: string
  task: string
  variant: string
}

/** What whoever runs the pool says of a variant: it alone serves its task, or it serves nothing. */
export interface VariantRuling extends VariantRef {
  ruling: 'pinned' | 'forbidden'
}

/** How long a batch of this many items takes on a slot, alone and warm. */
export interface LatencyPoint {
  batch: number
  latencyMs: number
}

export type ItemOutcome =
  | {
    ok: true
    result: Handle
    /** One handle for each item handed to each child task, in reading order. */
    children: { [task: string]: Handle[] }
  }
  /**
   * `fatal`: the input is at fault, another node would say the same. `excused`: neither is its node.
   * Both: the input takes more than an item may, and is given to no other node; another might have
   * managed.
   */
  | { ok: false; fatal: boolean; reason: FailureReason; message: string; excused?: true }

export type PolicyEvent =
  | {
    type: 'query_arrived'
    query: QueryId
    pipeline: string
    /** Absolute, on the clock of `nowMs`; and what its client gave it, some of which may be gone. */
    deadlineMs: number
    timeoutMs?: number
    /** Least mean path accuracy, 0..1. */
    minAccuracy?: number
    /** In place of what its pipeline prefers. */
    prefer?: Prefer
    /**
     * As how much of a query it counts where work is planned, 0..1: less than 1 where it is asked because
     * there is time, and would have time later, too.
     */
    share?: number
    /** Who asks, as far as they are told apart: clients have even shares of the auditor. Opaque. */
    client?: string
    /** Results that nobody confirmed will do. */
    unverified?: boolean
    payload: Handle
  }
  | { type: 'query_cancelled'; query: QueryId }
  | {
    type: 'batch_finished'
    batch: BatchId
    /** One for each item of the batch, in its order. */
    outcomes: ItemOutcome[]
    /** The node's own clock: running, and waiting behind the slot's previous batch. */
    computeMs: number
    nodeQueueMs: number
    /** Round trip less the node's elapsed time. */
    networkMs: number
    /** What the variant ran on, as `wasm`: results of one backend are compared more strictly. */
    backend?: string
  }
  /** Lost (worker crashed, watchdog fired, not held), its node lives on; or called off, and ended. */
  | { type: 'batch_failed'; batch: BatchId; message: string; computeMs?: number }
  | Elastic & {
    type: 'node_joined'
    node: NodeId
    slots: number
    /** Share of time the volunteer gives, 0..1. */
    duty: number
    /**
     * What the node can hold: those whose models fit its memory, backend and limits, with the
     * memory that each takes when loaded (absent: not known, taken for nothing).
     */
    able: (VariantRef & { memoryBytes?: number })[]
    /** What one slot may hold in models together; absent: all of them. */
    memoryBytes?: number
    /** A slot may hold one variant more for the time of a swap: the old serves until the new is warm. */
    swapRoom?: boolean
    /** Its word is taken from the start: it belongs to whoever runs the coordinator. */
    own?: boolean
    /** It serves no query. It judges what others say, and its own word is the truth. */
    judge?: boolean
    /** Nodes of one voter have one vote; opaque. Absent: the node is alone. */
    voter?: string
  }
  | {
    type: 'node_reported'
    node: NodeId
    paused?: boolean
    /** Limits: the node found more slots worth having, or lost some. */
    slots?: number
    duty?: number
    speedups?: readonly number[]
    /** Round trip of a bare message. */
    roundTripMs?: number
    profile?: (VariantRef & { points: LatencyPoint[] })[]
  }
  /** What of the node is in use, as it says: when a `scale` is done, or by itself. */
  | { type: 'node_scaled'; node: NodeId } & InUse
  | { type: 'node_left'; node: NodeId }
  /** What the node is able to hold changed, with what is served or with its backend: all of it. */
  | {
    type: 'node_able'
    node: NodeId
    able: (VariantRef & { memoryBytes?: number })[]
  }
  /**
   * One more pipeline, to be loaded beside the others. What is known of the latency of `replaces` is
   * taken for its variants of the same names, until they are measured.
   */
  | { type: 'pipeline_added'; pipeline: Pipeline; replaces?: string }
  /** From now on the queries of one are asked of the other. */
  | { type: 'pipeline_followed'; from: string; to: string }
  /** No query of it is inside any more; its counts go to the other. */
  | { type: 'pipeline_removed'; pipeline: string; into: string }
  | ({ type: 'instance_ready'; node: NodeId; slot: SlotIndex } & VariantRef)
  | ({ type: 'load_failed'; node: NodeId; slot: SlotIndex; message: string } & VariantRef)
  | { type: 'plan_ready'; plan: Plan }
  /** All rulings in force, whatever was said before. */
  | { type: 'rulings_changed'; rulings: VariantRuling[] }
  /** No more queries are taken; those inside are still answered. */
  | { type: 'drain' }
  | { type: 'wake' }

export interface DispatchedItem {
  query: QueryId
  payload: Handle
}

/** Whether a node's results are taken: all, those that others confirm, or none. */
export type Standing = 'own' | 'trusted' | 'proving' | 'quarantined'

export type PolicyCommand =
  | ({ type: 'load'; node: NodeId; slot: SlotIndex } & VariantRef)
  | ({ type: 'unload'; node: NodeId; slot: SlotIndex } & VariantRef)
  | ({
    type: 'dispatch'
    batch: BatchId
    node: NodeId
    slot: SlotIndex
    items: DispatchedItem[]
    /** The earliest deadline of its items, absolute. */
    deadlineMs: number
    /** What the scheduler expects of it, and after how long in all it is given up for lost. */
    expectedMs: number
    giveUpMs: number
    /** What was said of these items before: child items are to be encoded alike. */
    like?: ItemOutcome[]
  } & VariantRef)
  | { type: 'cancel_batch'; node: NodeId; batch: BatchId }
  /** So much of the node is to be in use: threads once it says `node_scaled`, all else at once. */
  | { type: 'scale'; node: NodeId } & InUse
  | { type: 'answer'; query: QueryId; answer: Answer }
  /** What a node's word is worth changed; its work goes elsewhere while it is in quarantine. */
  | { type: 'judged'; node: NodeId; standing: Standing; reason: string }
  /** To be answered with `plan_ready`, soon but not at once. `problem` is plain data, for the planner. */
  | { type: 'solve'; epoch: number; problem?: Handle }
  /** Absolute. The latest such command counts; the driver keeps one timer. */
  | { type: 'wake_at'; atMs: number }

/** Placement and frontier together. The shape of `GET /v1/plan`. */
export interface Plan {
  epoch: number
  mode: 'hardware' | 'accuracy' | 'saturated'
  /** Planned accuracy-weighted rate, and an upper bound on it; gap = (bound - objective) / bound. */
  objective: number
  bound: number
  gap: number
  reason: string
  solveMs: number
  mix: { pipeline: string; path: string[]; share: number }[]
  instances: { pipeline: string; task: string; variant: string; class: string; count: number }[]
  awake: number
  standby: number
  resting: number
  /** The planner's answer to `problem`; only where slots cannot hold all. */
  placement?: Handle
}

export interface NodeTrust {
  standing: Standing
  /** Share of its results that are taken unchecked, 0..1. */
  trust: number
  /** Why it stands so. */
  reason: string
  passed: number
  failed: number
  /** Times that it was proven to be wrong. */
  lies: number
  /** Its speed is not what it says: so many times slower. 1 where it is. */
  slowerThanSaid: number
}

/** A scheduler: events and the time in, commands out. Same events, same commands, bit for bit. */
export interface Scheduler {
  /** It keeps to `rulings_changed`; others pass over that. */
  keepsRulings?: true
  /** @param more another event of this moment follows: what to do may be left for the last */
  handle(event: PolicyEvent, nowMs: number, more?: boolean): PolicyCommand[]
  /** The plan in force. */
  plan(): Plan
  /** Counters and gauges for `/v1/stats`; a snapshot. */
  stats(): SchedulerStats
  /** Whether what this node says of a variant is taken at once; absent where every word is. */
  takesAtOnce?(node: NodeId, ref: VariantRef): boolean
  /**
   * Whether a query of this pipeline that is alone now is as good as sure to be in time by the most
   * accurate path, as things are; absent where a scheduler does not reckon with that.
   */
  bestInTime?(pipeline: string): boolean
}

export interface SchedulerStats {
  pipelines: {
    [pipeline: string]: {
      arrived: number
      onTime: number
      /** Answered without a result, by reason. Cancelled queries are counted apart. */
      failed: { [reason: string]: number }
      cancelled: number
      /** Queries inside, and items waiting per task. */
      inFlight: number
      queued: { [task: string]: number }
      /** Sum over on-time queries; divide by onTime for effective accuracy. */
      accuracySum: number
    }
  }
  nodes: {
    [node: string]: {
      class: string
      state: 'active' | 'standby' | 'resting' | 'paused'
      instances: number
      batches: number
      items: number
      /** Absent where nobody is checked. */
      trust?: NodeTrust
    }
  }
  /** Why batches were closed at the size they had. */
  batchCloses: { [reason: string]: number }
  /** Work done twice, in items; absent where nothing is. */
  extra?: ExtraWork
}
