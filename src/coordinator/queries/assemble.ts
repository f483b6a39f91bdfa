/**
 * The answer's `outputs`, assembled as the pipeline file says: which task's items become which
 * list, with which fields.
 *
 * @module
 */
import type { Pipeline } from '../../pipeline/schema.ts'
import type { FinishedItem } from '../../policy/core/types.ts'
import type { Payload, Result } from '../nodes/payload.ts'

/**
 * @param items of one query, parents before children, in reading order
 * @returns one list per entry of `output`, or the value of its one item; a field is looked for in
 * the
 *   item's result, then in the item's metadata, then in those of its parent, and so on up
 */
export function assembleOutputs(
  pipeline: Pipeline,
  items: readonly FinishedItem[],
): Record<string, unknown> {
  const outputs: Record<string, unknown> = {}
  for (const [list, rule] of Object.entries(pipeline.output ?? {})) {
    const { each, with: names, only = false, renewed } = rule
    const entries = items
      .filter((item) => item.task === each && item.result !== null)
      .map((item) => Object.fromEntries(names.map((name) => [name, field(items, item, name)])))
    const [first = null] = entries
    const value = names.length === 1 && first !== null ? first[names[0]!] : first
    const whole = renewed === undefined ? value : renew(items, value, names[0]!, renewed)
    outputs[list] = only ? whole : entries
  }
  return outputs
}

/** The list, with each entry replaced by a later entry of the same value in the field `by`. */
function renew(
  items: readonly FinishedItem[],
  value: unknown,
  name: string,
  { each, by }: { each: string; by: string },
): unknown {
  if (!Array.isArray(value)) return value
  const later = new Map<unknown, unknown>()
  for (const { task, result } of items) {
    const list = task === each && (result as Result)?.[name]
    if (Array.isArray(list)) { for (const one of list) later.set(entryOf(one)[by], one) }
  }
  return value.map((one) => later.get(entryOf(one)[by]) ?? one)
}

/** A node's value that is no object has no fields. */
const entryOf = (one: unknown): { [field: string]: unknown } =>
  typeof one === 'object' && one !== null ? one as { [field: string]: unknown } : {}

function field(items: readonly FinishedItem[], item: FinishedItem, name: string): unknown {
  for (let at: FinishedItem | undefined = item; at !== undefined; at = items[at.parent]) {
    const result = at.result as Result
    if (result !== null && Object.hasOwn(result, name)) return result[name]
    const { meta } = at.payload as Payload
    if (Object.hasOwn(meta, name)) return meta[name]
  }
  return null
}
