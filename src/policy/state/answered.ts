/**
 * The answer of a query once all of its items are done.
 *
 * @module
 */
import type { Answer, FinishedItem } from '../core/types.ts'
import type { Item, Query } from './query.ts'

/**
 * Mean path accuracy over the leaf items. If no leaf was reached (a detector found nothing), the mean over
 * the items that handed nothing on, each at the accuracy of its prefix.
 */
export function accuracyOf({ items }: Query): number {
  let [leaves, leafSum, ends, endSum] = [0, 0, 0, 0]
  for (const { task, prefix, children } of items) {
    const accuracy = prefix?.accuracy ?? 0
    if (task.next.length === 0) {
      leaves++
      leafSum += accuracy
    } else if (children.every((branch) => branch.length === 0)) {
      ends++
      endSum += accuracy
    }
  }
  return leaves > 0 ? leafSum / leaves : endSum / ends
}

/** The answer of a query whose items are all done. */
export function answerOf(query: Query): Extract<Answer, { ok: true }> {
  const items: FinishedItem[] = []
  listItems(query.root, -1, items)
  const path: { [task: string]: { [variant: string]: number } } = {}
  for (const task of query.shape.tasks) {
    for (const { variant, items } of query.served) {
      if (variant.task === task) (path[task.name] ??= {})[variant.ref.variant] = items
    }
  }
  const { stages, verified } = query
  return {
    ...{ ok: true, accuracy: accuracyOf(query), path, stages, items },
    ...verified ? {} : { verified },
  }
}

/** Lists items depth first, in reading order. */
function listItems(
  { task, payload, result, children }: Item,
  parent: number,
  into: FinishedItem[],
) {
  const position = into.length
  into.push({ task: task.name, parent, payload, result })
  for (const branch of children) {
    for (const child of branch) listItems(child, position, into)
  }
}
