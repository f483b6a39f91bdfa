/**
 * What a scheduler is made with, and the bounds it keeps.
 *
 * @module
 */
import type { Pipeline } from '../../pipeline/schema.ts'
import type { Prefer } from './elastic.ts'
import type { Memory } from './memory.ts'
import type { Handle, ItemOutcome, NodeId, Plan, PolicyCommand, Scheduler } from './types.ts'
import type { VariantRef } from './types.ts'

/** Bounds. Whatever grows with load or with misbehaving nodes has one. */
export interface Limits {
  /** Queries inside, for each pipeline; more are answered `queue_full`. */
  maxQueries: number
  /** Items waiting at one task; a query whose items would pass it is answered `queue_full`. */
  maxItemsPerTask: number
  /** Items in one batch. */
  maxBatch: number
  /** Times an item is dispatched before its query is answered `node_failed`. */
  maxAttempts: number
  /** Times in a row a variant is loaded into a slot before the slot goes without it for an hour. */
  maxLoadAttempts: number
}

/** What a node said of one item, and what it ran on. */
export interface Said {
  outcome: ItemOutcome
  backend: string | undefined
}

/**
 * The input of a task that gathers, made of what the items before it were and gave, and of what the query
 * itself brought.
 */
export type Gather = (
  items: readonly { payload: Handle; result: Handle }[],
  query: Handle,
) => Handle

/** Whether a node has the memory that an input takes. */
export type Fits = (payload: Handle, node: NodeId) => boolean

/** What checking needs to be told, since results are opaque to the rules. */
export interface TrustOptions {
  /** Uniform in [0, 1); seeded where runs are to be repeated. */
  random: () => number
  /** Whether two nodes say the same of one item, within what is usual between their backends. */
  agree(ref: VariantRef, a: Said, b: Said): boolean
  /** Whether they differ by more than two backends do; where absent, whether they do not agree. */
  differ?(ref: VariantRef, a: Said, b: Said): boolean
  /** What is wrong with an outcome whatever the item was; undefined where nothing is. */
  faultOf?(ref: VariantRef, outcome: ItemOutcome): string | undefined
  /**
   * A picture that looks like any other, to ask about where no answers are known yet: never the same
   * twice. Undefined where there is none, or none yet.
   */
  question?(pipeline: string): Handle | undefined
  /** Bytes that an input takes in memory. */
  weigh?(payload: Handle): number
  /**
   * An auditor judges what nodes say. While it starts, is busy or away, what no known party confirmed
   * waits.
   */
  audited?: boolean
  /** The same for inputs that hold the same. */
  keyOf?(payload: Handle): unknown
}

export interface SchedulerOptions {
  pipelines: Pipeline[]
  limits?: Partial<Limits>
  /** Queries per second of each pipeline to begin with; by default nothing is known. */
  startPerS?: { readonly [pipeline: string]: number }
  /** What the pool is run for where a pipeline does not say; `balanced` where absent. */
  prefer?: Prefer
  /** What another scheduler had learned. */
  memory?: Memory
  /** Has what nodes say checked; without this every word is taken. */
  trust?: TrustOptions
  /** Has batches that are late begun once more where a slot is idle. */
  hedge?: boolean
  /** What each node is able to take; without this it is everything. */
  fits?: Fits
  /** Makes the input of a task that gathers. */
  gather?: Gather
}

export const DEFAULT_LIMITS: Readonly<Limits> = {
  maxQueries: 4096,
  maxItemsPerTask: 16_384,
  maxBatch: 8,
  maxAttempts: 3,
  maxLoadAttempts: 4,
}

/** Fills in what is absent. Throws RangeError for a bound that is no positive integer. */
export function limitsOf(given: Partial<Limits> | undefined): Limits {
  const limits = { ...DEFAULT_LIMITS, ...given }
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`Cannot bound ${name}: received ${value}, need an integer from 1`)
    }
  }
  return limits
}

/** What every policy is made with; what only some rules take is left aside by the others. */
export interface PolicyOptions
  extends Pick<SchedulerOptions, 'trust' | 'hedge' | 'memory' | 'fits' | 'gather' | 'prefer'> {
  pipelines: Pipeline[]
  /** Queries per second, by pipeline, that the estimator holds at first. */
  initialRatePerS?: { [pipeline: string]: number }
  limits?: Partial<Limits>
  /** For rules that draw lots; needed by `loki-published`. Uniform in [0, 1). */
  random?: () => number
  /** Only of `loki-published` and `loki`. */
  drop?: string
  /** Only of `loki`: share of a worker's throughput that is planned with. */
  cap?: number
}

type SolveCommand = Extract<PolicyCommand, { type: 'solve' }>

/** A scheduler with a name, and the solver that its `solve` commands ask for. */
export interface Policy {
  name: string
  scheduler: Scheduler
  /** Whether it follows what is served while it changes. */
  renews?: boolean
  /** What it learned that is worth keeping; absent where it learns nothing. */
  memory?: () => Memory
  solve?: (command: SolveCommand) => Plan
  /**
   * The same in two halves, with the work between them done by a worker. Problem and allocation are
   * plain data that only rules of this kind read.
   */
  elsewhere?: {
    problem(command: SolveCommand): object | undefined
    plan(command: SolveCommand, allocation: object | undefined): Plan
  }
}
