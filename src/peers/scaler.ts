/**
 * What an elastic policy decides: how many instances each stage of a pipeline has, with how many
 * cores each, and how large its batches may be.
 *
 * @module
 */

/** One model of a pipeline of stages, each item going from one to the next. */
export interface Stage {
  name: string
  memoryGb: number
  /** How many cores an instance may have, rising from 1. */
  cores: readonly number[]
  mostBatch: number
  /** Of one batch on an instance with so many cores, as profiled; and with a margin. */
  latencyMs(batch: number, cores: number): number
  raisedMs(batch: number, cores: number): number
}

/** What a stage is to have; all its instances alike. */
export interface Target {
  instances: number
  cores: number
  batch: number
}

/** What a stage has. */
export interface Present extends Target {
  /** Of `instances` those that are still starting. */
  starting: number
}

export interface Seen {
  /** Arrivals in each second back from now, the last one first. */
  perS: readonly number[]
  stages: readonly Present[]
}

export interface ScalerOptions {
  stages: readonly Stage[]
  sloMs: number
  /** Arrivals a second of the first seconds, and of the busiest one that will come. */
  firstPerS: number
  peakPerS: number
}

export interface Scaler {
  everyMs: number
  /** How long after its arrival an item is dropped; it never is where this is absent. */
  dropAfterMs?: number
  /** There when time begins. */
  first: Target[]
  /** Undefined: everything stays, and what was begun goes on. */
  decide(seen: Seen): Target[] | undefined
}
