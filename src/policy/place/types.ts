/**
 * What a program of placement is built from, and what it is made of.
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import type { Compiled, Kind } from './compile.ts'
import type { Flows } from './flows.ts'
import type { Model } from './model.ts'

export type Goal =
  /** Everything is served, by the fewest slots. */
  | { name: 'slots' }
  /** Everything is served if it can be, then the most accuracy. */
  | { name: 'accuracy' }
  /** Every pipeline gets the same part of its fair level, then most queries, then accuracy. */
  | { name: 'saturated'; levels: readonly number[] }

export interface Given {
  compiled: Compiled
  flows: Flows
  kinds: readonly Kind[]
  goal: Goal
  /** Demand to plan for, against what there is; 1 where absent. */
  inflate?: number
  /** Without the rows of the peak, of floors and of moves: what serving the demand itself comes to. */
  plain?: boolean
}

/** Time of slots of a kind that a variant gets within an allowance. */
export interface Share {
  column: number
  kind: number
  variant: VariantShape
  allowance: number
  itemsPerS: number
}

export interface Program extends Given {
  model: Model
  /** Column of each flow, by its position. */
  flowColumns: number[]
  /** When saturated: which part of its fair level each pipeline gets at least; else -1. */
  levelColumn: number
  levelRows: number[]
  shares: Share[]
  /** Column of how many slots of a kind are awake, where that is open; else -1. */
  awakeColumns: number[]
}
