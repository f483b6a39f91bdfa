/**
 * One variant on its way into a worker, and what the worker says of it.
 *
 * @module
 */
import type { Task, Variant } from '../../pipeline/schema.ts'
import type { StageCode } from './load_code.ts'

/** In place of a hash, of what is done by this build alone. */
export const NO_HASH = ''

/** One variant as a worker needs to know it. */
export interface InstanceSpec {
  /** Unique among all variants of all pipelines. */
  key: string
  task: Task
  variant: Variant
  /** Child tasks of the task. */
  next: string[]
  /** The pipeline's first task: its items are files. */
  isRoot?: boolean
  /** SHA-256 of the model, the key of its session; `NO_HASH` where there is nothing to fetch. */
  hash: string
  /** The program that does the task, in place of a stage of this build; it may need no model. */
  code?: StageCode
  noModel?: boolean
  /** SHA-256 of texts that the task has beside its model, by what they are for. */
  files?: { [name: string]: string }
  /** What is in them; set once they were fetched. */
  texts?: { [name: string]: string }
}

export interface Warmed {
  warmMs: number
  /** Why it runs on the processor although the worker's engine is on a GPU, if so. */
  fallback?: string
}

/** What a run took. */
export interface Measured {
  runMs: number
  rows: number
  besideMs?: number
}
