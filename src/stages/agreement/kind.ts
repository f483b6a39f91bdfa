/**
 * How a kind of stage judges its own results.
 *
 * @module
 */
import type { TextBox } from '../box.ts'
import type { CropLimits } from '../crop.ts'
import type { ItemResult, JsonObject } from '../types.ts'
import type { Tolerance } from './tolerance.ts'

export type Served = Extract<ItemResult, { ok: true }>

/** As the pipeline file has it; its fields are each kind's own. */
export interface TaskFields {
  readonly [field: string]: unknown
  readonly kind?: string | undefined
}

export interface Size {
  width: number
  height: number
}

export interface Agreement {
  sameFields(a: JsonObject | null, b: JsonObject | null, tolerance: Tolerance): boolean
  /** Why no input can lead to this result, in words; undefined if one can. */
  faultOf(result: Served, task: TaskFields): string | undefined
  /** It hands on its own item, the same to the byte. */
  passesOn?: boolean
  /** What of a picture is cut out for a child item found in this box, and how large it may be. */
  cut?(box: TextBox, task: TaskFields, picture: Size): { area: TextBox; limits: CropLimits }
}

/** A field that the kind does not have would be taken for another task's of the same name. */
export function strangeField(
  { ...fields }: JsonObject,
  names: readonly string[],
): string | undefined {
  const strange = Object.keys(fields).find((name) => !names.includes(name))
  return strange === undefined ? undefined : `a field ${strange.slice(0, 40)} that there is not`
}
