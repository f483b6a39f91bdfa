/**
 * Input and output of the scheduler. Plain data: no socket, no timer, no clock.
 *
 * Time is `nowMs`, the driver's monotonic clock. Payloads and results are opaque handles that pass through
 * unchanged; the driver knows what they refer to.
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

/** An operator's ruling on a variant: it alone serves its task, or it serves nothing. */
export interface VariantRuling extends VariantRef {
  ruling: 'pinned' | 'forbidden'
}

/** Latency of a batch of this many items on a slot, alone and warm. */
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
   * `fatal`: the input is at fault, and another node would give the same outcome. `excused`: the node is
   * not at fault either. Both: the input exceeds the limits of an item and is given to no other node,
   * though another might have managed.
   */
  | { ok: false; fatal: boolean; reason: FailureReason; message: string; excused?: true }

export type PolicyEvent =
  | {
    type: 'query_arrived'
    query: QueryId
    pipeline: string
    /** Absolute, on the clock of `nowMs`; and the time that the client gave it, part of which may be gone. */
    deadlineMs: number
    timeoutMs?: number
    /** Minimum mean path accuracy, 0 to 1. */
    minAccuracy?: number
    /** Overrides the preference of its pipeline. */
    prefer?: Prefer
    /**
     * Share of a query that it counts as in plans, 0 to 1: below 1 for a query that is sent because there
     * is time now, and would also have time later.
     */
    share?: number
    /** Client id, as far as clients are told apart: they get equal shares of the auditor. Opaque. */
    client?: string
    /** Whether the client accepts unconfirmed results. */
    unverified?: boolean
    payload: Handle
  }
  | { type: 'query_cancelled'; query: QueryId }
  | {
    type: 'batch_finished'
    batch: BatchId
    /** One for each item of the batch, in its order. */
    outcomes: ItemOutcome[]
    /** By the node's own clock: ms of running, and of waiting behind the slot's previous batch. */
    computeMs: number
    nodeQueueMs: number
    /** Round trip minus the node's elapsed time, in ms. */
    networkMs: number
    /** Backend of the run, such as `wasm`: results of one backend are compared more strictly. */
    backend?: string
  }
  /** Lost (worker crashed, watchdog fired, not held), its node stays; or called off and ended. */
  | { type: 'batch_failed'; batch: BatchId; message: string; computeMs?: number }
  | Elastic & {
    type: 'node_joined'
    node: NodeId
    slots: number
    /** Share of time the volunteer gives, 0 to 1. */
    duty: number
    /**
     * Variants the node can hold: their models fit its memory, backend and limits. With the memory of each
     * when loaded, in bytes (absent: unknown, counted as 0).
     */
    able: (VariantRef & { memoryBytes?: number })[]
    /** Bytes that the models of one slot may take together; absent: no limit. */
    memoryBytes?: number
    /** Whether a slot may hold one variant more during a swap: the old serves until the new is warm. */
    swapRoom?: boolean
    /** Whether it is trusted from the start: it belongs to the operator of the coordinator. */
    own?: boolean
    /** Whether it is the auditor: it serves no query, checks results, and its own count as the truth. */
    judge?: boolean
    /** Opaque id; nodes of one voter have one vote. Absent: the node is a voter of its own. */
    voter?: string
  }
  | {
    type: 'node_reported'
    node: NodeId
    paused?: boolean
    /** Limits: the node found that it can use more slots, or lost some. */
    slots?: number
    duty?: number
    speedups?: readonly number[]
    /** Round trip of a bare message, in ms. */
    roundTripMs?: number
    profile?: (VariantRef & { points: LatencyPoint[] })[]
  }
  /** The part of the node in use, by its report: after a `scale`, or on its own. */
  | { type: 'node_scaled'; node: NodeId } & InUse
  | { type: 'node_left'; node: NodeId }
  /** The able variants of the node changed, with the pipelines or its backend: the complete list. */
  | {
    type: 'node_able'
    node: NodeId
    able: (VariantRef & { memoryBytes?: number })[]
  }
  /**
   * A further pipeline, to be loaded beside the others. Latency estimates of `replaces` are used for its
   * variants of the same names until these are measured.
   */
  | { type: 'pipeline_added'; pipeline: Pipeline; replaces?: string }
  /** From now on queries to one pipeline go to the other. */
  | { type: 'pipeline_followed'; from: string; to: string }
  /** No query of it is inside any more; its counts are added to the other. */
  | { type: 'pipeline_removed'; pipeline: string; into: string }
  | ({ type: 'instance_ready'; node: NodeId; slot: SlotIndex } & VariantRef)
  | ({ type: 'load_failed'; node: NodeId; slot: SlotIndex; message: string } & VariantRef)
  | { type: 'plan_ready'; plan: Plan }
  /** All rulings in force; replaces earlier ones. */
  | { type: 'rulings_changed'; rulings: VariantRuling[] }
  /** No more queries are admitted; those inside are still answered. */
  | { type: 'drain' }
  | { type: 'wake' }

export interface DispatchedItem {
  query: QueryId
  payload: Handle
}

/** Whether a node's results are taken: all, only confirmed ones, or none. */
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
    /** Expected ms of the batch; and ms after which it is given up. */
    expectedMs: number
    giveUpMs: number
    /** Earlier outcomes of these items: child items are to be encoded in the same way. */
    like?: ItemOutcome[]
  } & VariantRef)
  | { type: 'cancel_batch'; node: NodeId; batch: BatchId }
  /** The part of the node to be in use: threads apply at its `node_scaled`, the rest at once. */
  | { type: 'scale'; node: NodeId } & InUse
  | { type: 'answer'; query: QueryId; answer: Answer }
  /** A node's standing changed; a node in quarantine gets no queries. */
  | { type: 'judged'; node: NodeId; standing: Standing; reason: string }
  /** To be answered by `plan_ready`, soon but not at once. `problem` is plain data for the planner. */
  | { type: 'solve'; epoch: number; problem?: Handle }
  /** Absolute time. Only the latest such command counts; the driver keeps one timer. */
  | { type: 'wake_at'; atMs: number }

/** Placement and mix of paths together. The shape of `GET /v1/plan`. */
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
  /** The planner's answer to `problem`; present only if slots cannot hold all variants. */
  placement?: Handle
}

export interface NodeTrust {
  standing: Standing
  /** Share of its results that are taken unchecked, 0 to 1. */
  trust: number
  /** Why it has this standing. */
  reason: string
  passed: number
  failed: number
  /** Times that it was proven wrong. */
  lies: number
  /** Measured over reported latency; 1 if its report is right. */
  slowerThanSaid: number
}

/** A scheduler: events and time in, commands out. Equal events give equal commands, bit for bit. */
export interface Scheduler {
  /** Whether it applies `rulings_changed`; others ignore it. */
  keepsRulings?: true
  /** @param more whether another event of this moment follows: then decisions may wait for the last one */
  handle(event: PolicyEvent, nowMs: number, more?: boolean): PolicyCommand[]
  /** The plan in force. */
  plan(): Plan
  /** Counters and gauges for `/v1/stats`; a snapshot. */
  stats(): SchedulerStats
  /** Whether results of this node with this variant are taken at once; absent if all results are. */
  takesAtOnce?(node: NodeId, ref: VariantRef): boolean
  /**
   * Whether a query of this pipeline alone in the pool would now almost surely be in time by the most
   * accurate path; absent if a scheduler does not estimate that.
   */
  bestInTime?(pipeline: string): boolean
}

export interface SchedulerStats {
  pipelines: {
    [pipeline: string]: {
      arrived: number
      onTime: number
      /** Queries answered without a result, by reason. Cancelled queries are counted separately. */
      failed: { [reason: string]: number }
      cancelled: number
      /** Queries inside, and items waiting by task. */
      inFlight: number
      queued: { [task: string]: number }
      /** Sum over on-time queries; divide by `onTime` for the effective accuracy. */
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
      /** Absent if results are not checked. */
      trust?: NodeTrust
    }
  }
  /** Number of batches by the reason for their size. */
  batchCloses: { [reason: string]: number }
  /** Items run besides the queries' own work; absent if there are none. */
  extra?: ExtraWork
}
