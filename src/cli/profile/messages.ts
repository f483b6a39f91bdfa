/**
 * What is asked of a measuring worker, and what it answers.
 *
 * @module
 */
import type { Backend } from '../../node/engine/engine.ts'
import type { Pipeline } from '../../pipeline/schema.ts'
import type { Labelled, Score } from '../../stages/labelled.ts'

export type Request =
  | {
    kind: 'open'
    dir: string
    pipeline: Pipeline
    files: Record<string, string>
    backend: Backend
    native?: string | undefined
  }
  | { kind: 'example'; index: number }
  | { kind: 'latency'; task: string; variant: string; batches: number[] }
  | { kind: 'overhead'; task: string; variant: string; examples: number }

export type Reply =
  | {
    kind: 'open'
    /** Why the set cannot be had here, or that there is none. */
    skip?: string
    none?: boolean
    set?: Pick<Labelled, 'count' | 'about' | 'names'>
  }
  | { kind: 'example' } & ExampleResult
  | { kind: 'latency'; batches: Latency[] }
  | { kind: 'overhead' } & Overhead
  | { kind: 'error'; message: string }

/** Of which of many variants something is not true, no engine knows. */
export const faultOf = (task: string, variant: string, cause: unknown): Error => {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new Error(`Cannot measure ${task} ${variant}: ${why}`, { cause })
}

/** Scores by `variant > variant`, counts of children by `variant > variant > task`. */
export interface ExampleResult {
  paths: Record<string, Score>
  /** Each task alone, on what a faultless parent hands to it, by `task > variant`; leaves only. */
  alone: Record<string, Score>
  /** Items in and children out, by `task > variant > child`. */
  fanOut: Record<string, { items: number; children: number }>
}

/** Times of one batch, from `runs` runs after warming up. */
export interface Latency {
  batch: number
  runs: number
  minMs: number
  medianMs: number
}

/** What a stage does besides and how often it runs its model, per item. */
export interface Overhead {
  /** Median time outside the model. */
  otherMs: number
  /** Mean rows of the model's batches: more than 1 where items are cut up. */
  rows: number
}
