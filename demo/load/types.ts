/**
 * What the load generator is told to do, and what it says of each query.
 *
 * @module
 */
import type { Trace } from '../../src/sim/scenario_schema.ts'

/** What queries are asked with. */
export interface Body {
  bytes: Uint8Array<ArrayBuffer>
  type: string
}

export type Arrivals = 'poisson' | 'even'

/** Sent one after the other, from the first again after the last. */
interface Common {
  /** The coordinator. */
  url: string
  pipeline: string
  /** Deadline to ask for; the pipeline's own where absent. */
  timeoutMs?: number
  minAccuracy?: number
  /** Where the coordinator asks for one. */
  key?: string
}

/** Open loop: queries are sent when they are due, whatever became of those before. */
export interface OpenOrder extends Common {
  trace: Trace
  arrivals: Arrivals
  seed: number
}

/** Closed loop, to find out what is carried at most: so many at a time, for so long. */
export interface ClosedOrder extends Common {
  atOnce: number
  seconds: number
}

export type LoadOrder = OpenOrder | ClosedOrder

/** Items that one batch did for a query. */
export interface ServedBy {
  node: string
  task: string
  variant: string
  backend: string
  items: number
  /** Of the batch's time, the share of these items. */
  computeMs: number
}

/** What became of one query, as its client saw it. Milliseconds, from the start of the load. */
export interface Asked {
  query: number
  dueMs: number
  /** Later than due where the machine was busy with other things. */
  sentMs: number
  /** From when it was due, so that a wait before sending counts as a wait. */
  latencyMs: number
  /** Of the answer; 0 where there was none. */
  status: number
  /** Why there was no result. */
  reason?: string
  accuracy?: number
  servedBy?: ServedBy[]
}
