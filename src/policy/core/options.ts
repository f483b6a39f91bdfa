/**
 * Options and limits of a scheduler.
 *
 * @module
 */
import type { Pipeline } from '../../pipeline/schema.ts'
import type { Prefer } from './elastic.ts'
import type { Memory } from './memory.ts'
import type { Handle, ItemOutcome, NodeId, Plan, PolicyCommand, Scheduler } from './types.ts'
import type { VariantRef } from './types.ts'

/** Limits. Everything that grows with load or with misbehaving nodes has one. */
export interface Limits {
  /** Queries inside, for each pipeline; more are answered `queue_full`. */
  maxQueries: number
  /** Items waiting at one task; a query whose items would exceed it is answered `queue_full`. */
  maxItemsPerTask: number
  /** Items in one batch. */
  maxBatch: number
  /** Times an item is dispatched before its query is answered `node_failed`. */
  maxAttempts: number
  /** Failed loads of a variant into a slot in a row before the slot pauses it for an hour. */
  maxLoadAttempts: number
}

/** A node's outcome for one item, and the backend it ran on. */
export interface ItemReport {
  outcome: ItemOutcome
  backend: string | undefined
}

/**
 * Makes the input of a gathering task, from payloads and results of the items before it and the query's
 * own input.
 */
export type Gather = (
  items: readonly { payload: Handle; result: Handle }[],
  query: Handle,
) => Handle

/** Whether a node has enough memory for an input. */
export type Fits = (payload: Handle, node: NodeId) => boolean

/** What checking needs, since results are opaque to the policy. */
export interface TrustOptions {
  /** Uniform in [0, 1); seeded for repeatable runs. */
  random: () => number
  /** Whether two nodes agree on one item, within the usual difference of their backends. */
  agree(ref: VariantRef, a: ItemReport, b: ItemReport): boolean
  /** Whether they differ by more than two backends do; if absent, whether they do not agree. */
  differ?(ref: VariantRef, a: ItemReport, b: ItemReport): boolean
  /** Fault of an outcome that is wrong for every item; undefined if there is none. */
  faultOf?(ref: VariantRef, outcome: ItemOutcome): string | undefined
  /**
   * An image like any other, used where no answers are known yet: never the same twice. Undefined if there is
   * none, or none yet.
   */
  question?(pipeline: string): Handle | undefined
  /** Bytes that an input takes in memory. */
  weigh?(payload: Handle): number
  /**
   * Whether an auditor checks results. While it starts, is busy or away, results that no trusted node
   * confirmed wait.
   */
  audited?: boolean
  /** Key of an input's content: equal for equal content. */
  keyOf?(payload: Handle): unknown
}

export interface SchedulerOptions {
  pipelines: Pipeline[]
  limits?: Partial<Limits>
  /** Initial queries per second of each pipeline; by default unknown. */
  startPerS?: { readonly [pipeline: string]: number }
  /** Preference of pipelines without one; by default `balanced`. */
  prefer?: Prefer
  /** What an earlier scheduler learned. */
  memory?: Memory
  /** Checks results; without this option all results are taken. */
  trust?: TrustOptions
  /** Whether late batches are hedged on idle slots. */
  hedge?: boolean
  /** Whether a node can take an input; by default always. */
  fits?: Fits
  /** Makes the input of a gathering task. */
  gather?: Gather
}

export const DEFAULT_LIMITS: Readonly<Limits> = {
  maxQueries: 4096,
  maxItemsPerTask: 16_384,
  maxBatch: 8,
  maxAttempts: 3,
  maxLoadAttempts: 4,
}

/** Fills in defaults. @throws RangeError for a limit that is no positive integer */
export function limitsOf(given: Partial<Limits> | undefined): Limits {
  const limits = { ...DEFAULT_LIMITS, ...given }
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`Cannot bound ${name}: received ${value}, need an integer from 1`)
    }
  }
  return limits
}

/** Options of every policy; a policy ignores those it does not use. */
export interface PolicyOptions
  extends Pick<SchedulerOptions, 'trust' | 'hedge' | 'memory' | 'fits' | 'gather' | 'prefer'> {
  pipelines: Pipeline[]
  /** Initial queries per second of the estimator, by pipeline. */
  initialRatePerS?: { [pipeline: string]: number }
  limits?: Partial<Limits>
  /** Random source, needed by `loki-published`. Uniform in [0, 1). */
  random?: () => number
  /** Only for `loki-published` and `loki`. */
  drop?: string
  /** Only for `loki`: share of a worker's throughput to plan with. */
  cap?: number
}

type SolveCommand = Extract<PolicyCommand, { type: 'solve' }>

/** A scheduler with a name, and the solver for its `solve` commands. */
export interface Policy {
  name: string
  scheduler: Scheduler
  /** Whether it can follow a change of pipelines. */
  renews?: boolean
  /** Learned values worth storing; absent if it learns none. */
  memory?: () => Memory
  solve?: (command: SolveCommand) => Plan
  /**
   * `solve` in two halves, with a worker doing the work in between. Problem and allocation are plain data
   * that only policies of this kind read.
   */
  elsewhere?: {
    problem(command: SolveCommand): object | undefined
    plan(command: SolveCommand, allocation: object | undefined): Plan
  }
}
