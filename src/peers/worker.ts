/**
 * A worker of the paper: one slot, given one variant, with its own queue. Items are bound to it as
 * soon as they come up (early binding).
 *
 * @module
 */
import type { BatchId, NodeId } from '../policy/core/types.ts'
import type { DeviceClass } from './classes.ts'
import type { Variant } from './model.ts'
import type { Item } from './queries.ts'

export interface Batch {
  id: BatchId
  worker: Worker
  variant: Variant
  items: Item[]
  sentMs: number
  expectedMs: number
  giveUpAtMs: number
}

export interface Worker {
  node: NodeId
  slot: number
  class: DeviceClass
  /** What each variant takes of the slot's memory; those that it can hold at all. */
  able: Map<Variant, number>
  memoryBytes: number
  held: Set<Variant>
  paused: boolean
  roundTripMs: number
  /** What the plan gave it; null at rest. */
  variant: Variant | null
  /** Largest batch, as planned. */
  batch: number
  /** What it is loading, and nothing is dispatched meanwhile. */
  loading: Variant | null
  queue: Item[]
  /** The one running and those sent after it: one, or more where messages travel long. */
  sent: Batch[]
  /** When, on the node, the last batch sent is expected to end. */
  freeAtMs: number
  /** When to look at its queue again, though nothing happens before. */
  wakeMs: number
  lastBatchMs: number
  batches: number
  items: number
}

/** It holds what it was given, and can run it still: items may be dispatched. */
export const isReady = (worker: Worker): boolean =>
  worker.variant !== null && worker.loading === null && !worker.paused &&
  worker.held.has(worker.variant) && worker.able.has(worker.variant)

/** The paper's profiled processing time: of a full batch. */
export const profiledMs = ({ class: { latencyMs }, variant, batch }: Worker): number =>
  latencyMs(variant!, batch)

/** Items a second, batches full. */
export const capacityPerS = (worker: Worker): number => worker.batch * 1000 / profiledMs(worker)

/** The latency budget of its task: twice the processing time, which pays for waiting, and the way. */
export const budgetMs = (worker: Worker): number => 2 * profiledMs(worker) + worker.roundTripMs

/** Until an item that is queued now would be begun. */
export function waitMs(worker: Worker, nowMs: number): number {
  const batches = Math.floor(worker.queue.length / worker.batch)
  return Math.max(0, worker.freeAtMs - nowMs) + batches * profiledMs(worker)
}

/** When, on the node, a batch sent now would begin. */
export const startMs = ({ roundTripMs, sent, freeAtMs }: Worker, nowMs: number): number =>
  Math.max(nowMs + roundTripMs / 2, sent.length > 0 ? freeAtMs : 0)
