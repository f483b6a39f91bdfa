/**
 * The answer of a query whose items are all done.
 *
 * @module
 */
import type { Answer, FinishedItem } from '../core/types.ts'
import type { Item, Query } from './query.ts'

/** What a walk over the items of a query adds up. */
interface Sums {
  leaves: number
  leafSum: number
  /** Items that handed nothing on, though they might have. */
  ends: number
  endSum: number
}

function addUp(item: Item, sums: Sums): void {
  const { children } = item
  const accuracy = item.prefix?.accuracy ?? 0
  if (item.task.next.length === 0) {
    sums.leaves++
    sums.leafSum += accuracy
    return
  }
  let any = false
  for (const branch of children) {
    for (const child of branch) {
      any = true
      addUp(child, sums)
    }
  }
  if (any) return
  sums.ends++
  sums.endSum += accuracy
}

/**
 * Mean path accuracy over the leaf items. Where no leaf was reached (a detector found nothing), the
 * mean over the items that handed nothing on, each at the accuracy of its prefix.
 */
export function accuracyOf(query: Query): number {
  const sums: Sums = { leaves: 0, leafSum: 0, ends: 0, endSum: 0 }
  addUp(query.root, sums)
  const { leaves, leafSum, ends, endSum } = sums
  return leaves > 0 ? leafSum / leaves : endSum / ends
}

/** Depth first, in reading order. */
function list(
  { task, payload, result, children }: Item,
  parent: number,
  into: FinishedItem[],
): void {
  const position = into.length
  into.push({ task: task.name, parent, payload, result })
  for (const branch of children) {
    for (const child of branch) list(child, position, into)
  }
}

/** @param query all of whose items are done */
export function answerOf(query: Query): Extract<Answer, { ok: true }> {
  const items: FinishedItem[] = []
  list(query.root, -1, items)
  const path: { [task: string]: { [variant: string]: number } } = {}
  for (const task of query.shape.tasks) {
    for (const { variant, items } of query.served) {
      if (variant.task !== task) continue
      const variants = path[task.name] ??= {}
      variants[variant.ref.variant] = items
    }
  }
  return { ok: true, accuracy: accuracyOf(query), path, stages: query.stages, items }
}
