/**
 * What placement answers: which sets of variants the slots of each class shall hold, which slots
 * are awake, and what the pool can then carry.
 *
 * @module
 */
import type { VariantRef } from '../core/types.ts'

export type PlaceMode = 'hardware' | 'accuracy' | 'saturated'

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
  /** Awake slots, and a bound below which hardware scaling cannot go (0 in other modes). */
  slots: number
  slotsBound: number
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
