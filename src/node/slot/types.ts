/**
 * A slot as others see it.
 *
 * @module
 */
import type { Clock } from '../clock.ts'
import type { EngineUse } from '../engine/engine.ts'
import type { InstanceSpec, Measured, WorkerAssets } from '../engine/worker_api.ts'
import type { SlotBatch } from './batch_queue.ts'
import type { Decoding } from './decoding.ts'
import type { SlotEvents } from './events.ts'
import type { Processors } from './processors.ts'

export interface SlotOptions {
  clock: Clock
  assets: WorkerAssets
  createWorker(): Worker
  /** Asked each time a worker comes up. */
  engine(): EngineUse
  /** The model of a spec. */
  fetchModel(spec: InstanceSpec): Promise<Uint8Array>
  /** Share of the time this slot may work, 0..1; asked at each use. */
  duty(): number
  /** Whether a run for measuring may begin now. */
  mayMeasure?(): boolean
  events: SlotEvents
  /** Has batches of large pictures wait for each other, in whichever slot. */
  decoding?: Decoding
  /** Has batches wait for processors, in whichever slot. */
  processors?: Processors
  /** Longest run whatever the batch message allows. */
  maxRunMs?: number
  maxLoadMs?: number
  /** Longest silence of a worker that generates. */
  maxSilentMs?: number
}

export interface Slot {
  /** Takes a batch, or says why not. At most five wait behind the running one, or those that generate. */
  offer(batch: SlotBatch): 'taken' | 'full' | 'not_held'
  /** A waiting batch is dropped, a running one's result is: `calledOff` says when that has ended. */
  cancel(batch: number): 'runs' | 'dropped'
  /** Asks for a variant; `ready` or `loadFailed` follows, at once where it is held already. */
  load(spec: InstanceSpec): void
  unload(key: string): void
  /** One run for measuring, after all other work; nothing when other work came first. */
  measure(key: string, batch: number): Promise<Measured | undefined>
  /** Brings the worker up before it is needed. */
  prepare(): void
  /**
   * Brings up another worker on what `engine` says now, with all that is held, while the present
   * one goes on serving. Nothing where that fails or the slot is closed meanwhile.
   */
  renew(): Promise<Renewal | undefined>
  holds(key: string): boolean
  /** Of the runs of its worker; absent where it has none. */
  threads?(): number | undefined
  /** No batch and no load is there to be done. */
  readonly idle: boolean
  /** When the last batch ended, on the node's clock. */
  readonly lastBatchMs: number
  /** The share of the time changed. */
  recount(): void
  /** Nothing is measured any more. False while a batch is there, which is served yet. */
  park(): boolean
  /** Ends it. Its batches fail for this reason; without one nobody is told. */
  close(why?: string): void
}

export type { Measured }

/** A worker that waits to take a slot over. Exactly one of the two is to be called. */
export interface Renewal {
  /** From the next piece of work on. `ready` follows for each variant. */
  commit(): void
  discard(): void
}
