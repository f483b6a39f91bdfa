/**
 * The figures of a profile.
 *
 * @module
 */
import type { JsonObject } from '../../stages/types.ts'
import type { Latency, Overhead } from './messages.ts'

export interface VariantTimes extends Overhead {
  task: string
  variant: string
  /** On the processor by WebAssembly. */
  batches: Latency[]
  /** On other backends, where they were measured; why not, where one could not. */
  others?: { [backend: string]: Latency[] | string }
}

export interface VariantProfile extends VariantTimes {
  /** As it was before where nothing was scored. */
  accuracy: number
  /** Set where no label says anything of it, nor of what comes after it. */
  unscored?: true
  /** Share of labelled things that the children cover; for tasks with children. */
  recall?: number
  fanOut: Record<string, number>
  /** One item of one row, the stage's own work included: the fastest run, for machines are busy. */
  referenceMs: number
}

export interface PathProfile {
  path: string[]
  /** As the file has it, or as its variants say, where nothing was scored. */
  accuracy: number
  /** Set where no label says anything of its end. */
  unscored?: true
  exact: number
  /** Sum over the tasks of items x rows x time, for one query on one engine. */
  ms: number
}

export interface Profile {
  pipeline: string
  set: JsonObject
  /** Whether answers were held against labels, however few of them were right. */
  scored: boolean
  variants: VariantProfile[]
  paths: PathProfile[]
  /** Where the tree has several branches; absent where there are too many. */
  ways?: Way[] | undefined
}

/** One variant for every task: see `profile/ways.ts`. */
export interface Way {
  /** In the order of the tasks, parents before children. */
  variants: string[]
  /** Mean path accuracy over the leaf items. */
  accuracy: number
  /** Sum over the tasks of items x rows x time, for one query on one engine. */
  ms: number
}
