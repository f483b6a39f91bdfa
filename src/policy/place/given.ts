/**
 * What a program of placement is built from.
 *
 * @module
 */
import type { VariantShape } from '../shape.ts'
import type { ClassShape, Compiled } from './compile.ts'
import type { Flows } from './flow_walk.ts'

/** Slots of one class that hold the same variants. */
export interface Kind {
  class: ClassShape
  variants: readonly VariantShape[]
  slots: number
  /** For whole slots: the allowance that they work within, where that is decided. */
  allowance?: number
  /** How many slots hold these variants is for the program to say; `slots` is the most. */
  open?: boolean
}

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
  /** Share of a slot's time that a variant may use, by its index. */
  caps: readonly number[]
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

/** Slots that hold one variant work within one allowance: their time is given in whole slots. */
export const isWhole = ({ class: { holds } }: Kind): boolean => holds === 'one'
