/**
 * What checking needs to be told, since results are opaque to the rules.
 *
 * @module
 */
import type { Handle, ItemOutcome, VariantRef } from '../types.ts'

/** What a node said of one item, and what it ran on. */
export interface Said {
  outcome: ItemOutcome
  backend: string | undefined
}

export interface TrustOptions {
  /** Uniform in [0, 1); seeded where runs are to be repeated. */
  random: () => number
  /** Whether two nodes say the same of one item, within what is usual between their backends. */
  agree(ref: VariantRef, a: Said, b: Said): boolean
  /** What is wrong with an outcome whatever the item was; undefined where nothing is. */
  faultOf?(ref: VariantRef, outcome: ItemOutcome): string | undefined
  /** Inputs that look like any other, by pipeline: asked about where no answers are known yet. */
  samples?: { readonly [pipeline: string]: readonly Handle[] }
  /** Bytes that an input takes in memory. */
  weigh?(payload: Handle): number
}
