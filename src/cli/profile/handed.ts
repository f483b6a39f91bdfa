/**
 * What a task hands to the one behind it, of all items of one example.
 *
 * @module
 */
import type { Task } from '../../pipeline/schema.ts'
import type { ItemResult, JsonObject, StageItem } from '../../stages/types.ts'

/** @param child the task behind, and its name */
export function handedTo(
  { name, task }: { name: string; task: Task },
  items: readonly StageItem[],
  results: readonly ItemResult[],
): StageItem[] {
  if (task.gather !== true) {
    return results.flatMap((result) => result.ok ? result.children[name] ?? [] : [])
  }
  const gathered = results.flatMap((result, i): JsonObject[] =>
    result.ok ? [{ ...items[i]!.meta, ...result.fields }] : []
  )
  return gathered.length === 0 ? [] : [{ meta: { gathered }, bytes: new Uint8Array(0) }]
}
