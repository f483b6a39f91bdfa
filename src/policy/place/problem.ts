/**
 * What placement is asked and what it answers: plain data, so that both cross into a worker as they are.
 *
 * @module
 */
import type { Floor } from '../estimate/demands.ts'
import type { LatencyPoint, VariantRef } from '../core/types.ts'

export interface PlaceVariant {
  accuracy: number
  /** Mean items handed to each child task per item, as learned; 1 where absent. */
  fanOut?: { [task: string]: number }
  /** Share of items that hand nothing on; 0 where absent. */
  none?: { [task: string]: number }
}

export interface PlacePipeline {
  name: string
  /** Share of the pool when several pipelines compete. */
  weight: number
  sloMs: number
  /** Root queries per second to plan for. */
  ratePerS: number
  /** The most that may come for a moment, to be carried somehow; absent: no more than `ratePerS`. */
  peakPerS?: number
  /** Demand has been seen to jump so far: the peak is there more often than chance has it. */
  surges?: boolean
  /** Of these queries some ask for a least accuracy. */
  floors?: readonly Floor[]
  root: string
  tasks: { [task: string]: { next: string[]; variants: { [variant: string]: PlaceVariant } } }
  /** Measured accuracy of paths, root to leaf; the product of the variants where absent. */
  pathAccuracy?: { path: string[]; accuracy: number }[]
}

export interface PlaceAble extends VariantRef {
  /** Time of one batch on a slot of this class; only these batch sizes are used. */
  points: LatencyPoint[]
  memoryBytes: number
}

/** Nodes whose measured profiles are alike; the plan counts their slots. */
export interface PlaceClass {
  name: string
  slots: number
  /** Sum over the slots of the share of time that each gives, 0..1. */
  dutySum: number
  /** What one slot may hold; Infinity: everything. */
  memoryBytes: number
  /** Both ways of one hop. */
  networkMs: number
  able: PlaceAble[]
}

/** What slots of a class hold now: so many slots, each with these variants. */
export interface Holding {
  class: string
  sets: { variants: VariantRef[]; slots: number }[]
}

export interface Problem {
  pipelines: PlacePipeline[]
  classes: PlaceClass[]
  holding?: Holding[]
  /** Share of the slots that may be gone, with their nodes, by the time that others have changed. */
  atRisk?: number
}

export type PlaceMode = 'accuracy' | 'saturated'

export interface SlotSet {
  variants: VariantRef[]
  slots: number
}

export interface ClassPlacement {
  class: string
  /** What the awake slots hold. */
  sets: SlotSet[]
  /** What the standby slots hold: warm, without planned traffic. */
  standbySets: SlotSet[]
  awake: number
  standby: number
  resting: number
}

export interface PlacedWork extends VariantRef {
  class: string
  itemsPerS: number
  /** Slots' time that this takes, the share kept free by the cap included. */
  slotTime: number
}

/** Slots that are to hold something else. */
export interface PlacedMove {
  class: string
  from: VariantRef[]
  to: VariantRef[]
  slots: number
  /** Slots that hold `to` already when it is their turn. */
  had: number
}

/** What the solver did, by count. */
export interface SolveEffort {
  /** Linear and integer programs solved, and columns of the largest. */
  programs: number
  columns: number
  /** Programs whose answer did not hold when checked, and were not used. */
  rejected: number
  /** Updates of tableaus' cells, estimated. */
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
  /** No placement with these time budgets does better; `gap` is (bound - objective) / bound. */
  bound: number
  gap: number
  /** Slots that the demand needs. */
  slots: number
  reason: string
  /** What was held could stay. */
  kept: boolean
  /** Share of each pipeline's demand that is carried, and its mean accuracy. */
  served: { pipeline: string; share: number; accuracy: number }[]
  classes: ClassPlacement[]
  /** Which slots are to change first; none where any order will do. */
  first: PlacedMove[]
  /** How many of them at one time; absent where nothing has to change. */
  atOnce?: number
  /** Shares of a pipeline's paths, root to leaf; they sum to 1 where anything is served. */
  mix: { pipeline: string; path: string[]; share: number }[]
  work: PlacedWork[]
  effort: SolveEffort
}
