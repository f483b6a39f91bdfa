/**
 * What a slot tells its node.
 *
 * @module
 */
import type { Said } from '../../pipeline/generate.ts'
import type { ItemResult } from '../../stages/types.ts'
import type { Failure } from '../engine/answer.ts'
import type { InstanceSpec, Warmed } from '../engine/worker_api.ts'
import type { SlotBatch } from './batch_queue.ts'

/** On the node's clock, in ms. */
export interface BatchTimes {
  queueMs: number
  computeMs: number
  elapsedMs: number
}

export interface SlotEvents {
  /** `loadMs` is fetching and loading, without waiting for others. */
  ready(spec: InstanceSpec, loadMs: number, warmed?: Warmed): void
  loadFailed(spec: InstanceSpec, message: string): void
  /** More of answers of a batch that generates; with nothing, that it lives. Items by their index. */
  said(batch: SlotBatch, said: readonly Said[]): void
  done(batch: SlotBatch, results: ItemResult[], times: BatchTimes): void
  expired(batch: SlotBatch, times: BatchTimes): void
  failed(batch: SlotBatch, message: string): void
  /**
   * It was called off while it ran, and has ended: after so long, or half way. Undefined: it failed,
   * perhaps with its worker.
   */
  calledOff(batch: SlotBatch, ended: { computeMs?: number } | undefined): void
  /** The worker is gone and a new one is coming. */
  restarted(failure: Failure): void
  /** Nothing to do any more. */
  idle(): void
}
