/**
 * What placement is asked: plain data, so that it crosses into a worker as it is.
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
