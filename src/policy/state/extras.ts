/**
 * Batches besides those that queries wait for: each has an owner who is told what became of it.
 *
 * @module
 */
import type { Batch, Extra, Slot } from './slots.ts'
import type { VariantShape } from '../core/graph.ts'
import { createTable } from '../core/table.ts'
import type { BatchId } from '../core/types.ts'
import type { Finished } from './finish.ts'
import type { Flights } from './flights.ts'

export interface Owner {
  finished(batch: Batch, event: Finished, nowMs: number): void
  /** It comes to nothing: failed, given up, or gone with its node. */
  lost(batch: Batch, nowMs: number): void
}

export interface Extras {
  send(slot: Slot, variant: VariantShape, extra: Extra, owner: Owner, nowMs: number): Batch
  /** The owner of a batch that ended; undefined for one that queries wait for. */
  take(id: BatchId): Owner | undefined
}

export function createExtras(flights: Pick<Flights, 'sendExtra'>): Extras {
  const owners = createTable<BatchId, Owner>()
  return {
    send(slot, variant, extra, owner, nowMs) {
      const batch = flights.sendExtra(slot, variant, extra, nowMs)
      owners.set(batch.id, owner)
      return batch
    },
    take(id) {
      if (owners.size === 0) return undefined
      const owner = owners.get(id)
      owners.delete(id)
      return owner
    },
  }
}
