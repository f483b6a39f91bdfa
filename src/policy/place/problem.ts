/**
 * Input and output of placement: plain data, so that both cross into a worker unchanged.
 *
 * @module
 */
import type { Floor } from '../estimate/demands.ts'
import type { LatencyPoint, VariantRef } from '../core/types.ts'

export interface PlaceVariant {
  accuracy: number
  /** Learned mean items handed to each child task per item; 1 if absent. */
  fanOut?: { [task: string]: number }
  /** Share of items that hand nothing on to a child task; 0 if absent. */
  none?: { [task: string]: number }
}

export interface PlacePipeline {
  name: string
  /** Share of the pool when several pipelines compete. */
  weight: number
  sloMs: number
  /** Root queries per second to plan for. */
  ratePerS: number
  /** Peak rate to be carried at any accuracy; if absent, `ratePerS`. */
  peakPerS?: number
  /** Whether demand has jumped so far before: then the peak is likelier than by chance. */
  surges?: boolean
  /** Rates of the queries that ask for a minimum accuracy. */
  floors?: readonly Floor[]
  root: string
  tasks: { [task: string]: { next: string[]; variants: { [variant: string]: PlaceVariant } } }
  /** Measured accuracy of paths, root to leaf; if absent, the product over the variants. */
  pathAccuracy?: { path: string[]; accuracy: number }[]
}

export interface PlaceAble extends VariantRef {
  /** Time of one batch on a slot of this class; only these batch sizes are used. */
  points: LatencyPoint[]
  memoryBytes: number
}

/** Nodes with similar measured profiles; the plan counts their slots. */
export interface PlaceClass {
  name: string
  slots: number
  /** Sum over the slots of the share of time each gives, 0 to 1. */
  dutySum: number
  /** Bytes that one slot may hold; Infinity for no limit. */
  memoryBytes: number
  /** Both directions of one hop. */
  networkMs: number
  able: PlaceAble[]
}

/** Current holdings of a class: sets of variants, each with its number of slots. */
export interface Holding {
  class: string
  sets: { variants: VariantRef[]; slots: number }[]
}

export interface Problem {
  pipelines: PlacePipeline[]
  classes: PlaceClass[]
  holding?: Holding[]
  /** Share of the slots that may leave with their nodes before others have changed. */
  atRisk?: number
}

export type PlaceMode = 'accuracy' | 'saturated'

export interface SlotSet {
  variants: VariantRef[]
  slots: number
}

export interface ClassPlacement {
  class: string
  /** Sets of the awake slots. */
  sets: SlotSet[]
  /** Sets of the standby slots: warm, without planned traffic. */
  standbySets: SlotSet[]
  awake: number
  standby: number
  resting: number
}

export interface PlacedWork extends VariantRef {
  class: string
  itemsPerS: number
  /** Slot time of this work, including the share kept free by the cap. */
  slotTime: number
}

/** Slots that change their set. */
export interface PlacedMove {
  class: string
  from: VariantRef[]
  to: VariantRef[]
  slots: number
  /** Slots that hold `to` already when this move's turn comes. */
  had: number
}

/** Solver work, by count. */
export interface SolveEffort {
  /** Linear and integer programs solved, and columns of the largest. */
  programs: number
  columns: number
  /** Programs whose answer failed the check and was not used. */
  rejected: number
  /** Estimated cell updates of tableaus. */
  updates: number
}

export interface Placement {
  mode: PlaceMode
  /**
   * Queries per second that the plan carries, each weighted by its accuracy over the best path's.
   * When saturated: the demand times the plan's score, which is 0.9 for the least served share (by
   * weight), 0.09 for the share of all queries served and 0.01 for their accuracy.
   */
  objective: number
  /** Upper bound within these time budgets; `gap` is (bound - objective) / bound. */
  bound: number
  gap: number
  /** Slots that the demand needs. */
  slots: number
  reason: string
  /** Whether the held sets stay. */
  kept: boolean
  /** Served share of each pipeline's demand, and its mean accuracy. */
  served: { pipeline: string; share: number; accuracy: number }[]
  classes: ClassPlacement[]
  /** Moves in order; empty if any order will do. */
  first: PlacedMove[]
  /** Number of slots that change at a time; absent if nothing changes. */
  atOnce?: number
  /** Shares of a pipeline's paths, root to leaf; their sum is 1 if anything is served. */
  mix: { pipeline: string; path: string[]; share: number }[]
  work: PlacedWork[]
  effort: SolveEffort
}
