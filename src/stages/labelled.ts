/**
 * What `labelled.ts` in a pipeline's folder exports, so that `deno task profile` can score it.
 *
 * @module
 */
import type { ImageCodecs, JsonObject, StageItem, Tensor } from './types.ts'

/** Sums over labelled things; accuracy is 1 - errors / total. */
export interface Score {
  /** Units that could be right: characters, pictures. */
  total: number
  errors: number
  /** Labelled things (lines), those found at all, those exactly right. */
  truths: number
  found: number
  exact: number
}

/** The result of a leaf task for one of its items. */
export interface Leaf {
  meta: JsonObject
  fields: JsonObject | null
  tensors?: { [field: string]: Tensor } | undefined
}

export interface Example {
  input: StageItem
  /** The file's name, for people; the order is by number alone. */
  name?: string
  /**
   * What a faultless parent would hand to `task` for this input; the input itself for the root;
   * undefined if unknown.
   */
  perfect(task: string, codecs: ImageCodecs): Promise<StageItem[] | undefined>
  /** @param task whose items they are */
  score(leaves: readonly Leaf[], task: string): Score
}

export interface Names {
  examples: string
  truths: string
  /** Absent where units are the truths themselves. */
  units?: string
}

export interface Labelled {
  /** What the set is made of, for the record: seed, kind. */
  about: JsonObject
  /** What examples, truths and units are called in the record. */
  names: Names
  count: number
  example(index: number): Promise<Example>
}

/** Module shape: `labelled()` gives the set, or why it cannot be had on this machine. */
export interface LabelledModule {
  labelled(): Promise<Labelled | { skip: string }>
}

export const noScore: Score = { total: 0, errors: 0, truths: 0, found: 0, exact: 0 }

export function addScores(a: Score, b: Score): Score {
  return {
    total: a.total + b.total,
    errors: a.errors + b.errors,
    truths: a.truths + b.truths,
    found: a.found + b.found,
    exact: a.exact + b.exact,
  }
}

/** 0..1; more errors than units count as nothing right. */
export function accuracyOf({ total, errors }: Score): number {
  return total === 0 ? 0 : Math.max(0, 1 - errors / total)
}
