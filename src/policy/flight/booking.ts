/**
 * A batch about to be sent, as it goes on the books of its slot.
 *
 * @module
 */
import { isUnsureForOthers } from '../pool/credit.ts'
import { estimate } from '../pool/estimate.ts'
import type { Batch, Slot } from '../pool/slots.ts'
import type { Profile } from '../profile/profile.ts'
import type { Item } from '../queue/query.ts'
import type { Shapes, VariantShape } from '../shape.ts'

export interface Booked {
  batch: Batch
  expectedMs: number
  giveUpMs: number
}

export function createBooking(shapes: Shapes, profile: Profile) {
  let nextId = 1

  return function book(
    slot: Slot,
    variant: VariantShape,
    items: Item[],
    count: number,
    alone: boolean,
    tries: number,
    nowMs: number,
  ): Booked {
    const isGuess = alone && !profile.hasRun(slot.node.id, variant)
    const estimated = estimate(slot, variant, count, alone, isGuess, tries, nowMs)
    const { meanMs, upperMs, networkMs, expectedMs, giveUpMs } = estimated
    const batch: Batch = {
      id: nextId++,
      slot,
      variant,
      items,
      dispatchedMs: nowMs,
      meanMs,
      upperMs,
      networkMs,
      keepsSlot: isUnsureForOthers(variant, upperMs - meanMs, shapes),
      endsAtMs: nowMs + expectedMs,
      giveUpAtMs: nowMs + giveUpMs,
      besideLoad: slot.loading.size > 0,
      allBesideLoad: slot.loading.size > 0,
      ghostUntilMs: null,
      failed: false,
    }
    return { batch, expectedMs, giveUpMs }
  }
}
