/**
 * What a kind of stage says of its own results.
 *
 * @module
 */
import type { ItemResult, JsonObject } from '../types.ts'
import type { Tolerance } from './tolerance.ts'

export type Served = Extract<ItemResult, { ok: true }>

export interface Agreement {
  sameFields(a: JsonObject | null, b: JsonObject | null, tolerance: Tolerance): boolean
  /** What no input leads to, in words; undefined where all is well. */
  faultOf(result: Served): string | undefined
}
