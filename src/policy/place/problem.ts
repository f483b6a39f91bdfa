/**
 * What placement is asked: plain data, so that it crosses into a worker as it is.
 *
 * @module
 */
import type { Floor } from '../demand/floors.ts'
import type { LatencyPoint, VariantRef } from '../types.ts'

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
  swapMs: number
}

/** Nodes whose measured profiles are alike; the plan counts their slots. */
export interface PlaceClass {
  name: string
  slots: number
  /** Sum over the slots of the share of time that each gives, 0..1. */
  dutySum: number
  /** What one slot may hold; Infinity: everything. */
  memoryBytes: number
  /** Variants that one slot may hold; the paper's workers hold 1, Infinity is no bound. */
  maxVariants: number
  /** Both ways of one hop. */
  networkMs: number
  able: PlaceAble[]
}

/** What slots of a class hold now: so many slots, each with these variants. */
export interface Holding {
  class: string
  sets: { variants: VariantRef[]; slots: number }[]
}

/** Bounds of effort, by count: the same problem gives the same plan on any machine. */
export interface Effort {
  /** Small integer programs solved to improve a plan. */
  rounds: number
  /** Integers left free in each of them. */
  freeIntegers: number
  /** Branches that each may look at. */
  branches: number
  /** Updates of tableaus' cells in all, estimated from their sizes: what takes the time. */
  updates: number
  /** Columns and rows of one linear program; choices are left out to keep to them. */
  maxColumns: number
  maxRows: number
}

export interface PlaceOptions {
  /** Share of a slot's time that the plan uses at most. */
  utilisationCap: number
  /**
   * Share of items that may wait longer than one batch takes; the cap falls with it where few slots
   * share a queue. 1: the cap is the same for any number of slots, as in the paper.
   */
  waitTail: number
  /**
   * When saturated, which share of that a plan is chosen by. A pipeline whose stations just carry its
   * demand gets as much less through them as items wait, and those of others are full anyhow: so
   * quicker variants are to be held until all have some time left.
   */
  saturatedCap: number
  /** Planned demand is this much more than what is asked, as a share. */
  headroom: number
  /** Half of the time is kept for waiting behind one batch, as in the paper. */
  halving: boolean
  /** A task's time counts all items of a query there; the paper counts one batch. */
  siblings: boolean
  /**
   * In hardware scaling, and when saturated, a plan in hand is kept while no other is better by more
   * than this share; so much may few slots do worse than all, were none of all needed.
   */
  hysteresis: number
  /**
   * What it costs to change what one slot holds, against 1 for the accuracy of everything: the slot
   * is half lost while it loads.
   */
  movePrice: number
  /** Share of the slots that may be gone, with their nodes, by the time that others have changed. */
  atRisk: number
  /** Slots that may change what they hold at one time. */
  maxMoves: number
  /** Warm slots without planned traffic, for each awake one. Where a peak is given all others are. */
  standbyShare: number
  /** So many times the demand is what those are to carry together with the awake ones. */
  reserve: number
  /** A pipeline without demand is planned for with this rate, so that its first query is served. */
  floorPerS: number
  /** The search ends once the plan is this close to its bound. */
  gap: number
  effort: Effort
}

export interface Problem {
  pipelines: PlacePipeline[]
  classes: PlaceClass[]
  holding?: Holding[]
  options?: Partial<Omit<PlaceOptions, 'effort'>> & { effort?: Partial<Effort> }
}

export const DEFAULT_EFFORT: Readonly<Effort> = {
  rounds: 40,
  freeIntegers: 24,
  branches: 120,
  updates: 500_000_000,
  maxColumns: 1000,
  maxRows: 120,
}

export const DEFAULT_PLACE_OPTIONS: Readonly<PlaceOptions> = {
  utilisationCap: 0.95,
  waitTail: 0.05,
  saturatedCap: 1,
  headroom: 0,
  halving: true,
  siblings: true,
  hysteresis: 0.02,
  movePrice: 0.001,
  atRisk: 0,
  maxMoves: 2,
  standbyShare: 0.25,
  reserve: 4,
  floorPerS: 0.1,
  gap: 0.005,
  effort: DEFAULT_EFFORT,
}

export function placeOptionsOf(given: Problem['options']): PlaceOptions {
  const effort = { ...DEFAULT_EFFORT, ...given?.effort }
  return { ...DEFAULT_PLACE_OPTIONS, ...given, effort }
}
