/**
 * Results for a part of a batch's items, which are taken, checked or refused separately.
 *
 * @module
 */
import type { Finished } from '../state/finish.ts'
import type { Item } from '../state/query.ts'
import type { Batch } from '../state/node.ts'

export interface Part {
  batch: Batch
  event: Finished
  /** Positions of its items with an outcome that is a statement on the item. */
  positions: number[]
}

/** The part with only these items. */
export function partOf(
  { batch, event, positions }: Part,
  isOf: (item: Item) => boolean,
): Part {
  const kept = batch.items.flatMap((item, i) => isOf(item) ? [i] : [])
  if (kept.length === batch.items.length) return { batch, event, positions }
  return {
    batch: { ...batch, items: kept.map((i) => batch.items[i]!) },
    event: { ...event, outcomes: kept.map((i) => event.outcomes[i]!) },
    positions: kept.flatMap((i, at) => positions.includes(i) ? [at] : []),
  }
}
