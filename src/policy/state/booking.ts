/**
 * A batch about to be sent, as it goes on the books of its slot.
 *
 * @module
 */
import { isUnsureForOthers } from './credit.ts'
import { estimate } from './expected.ts'
import type { Batch, Slot } from './slots.ts'
import type { Profile } from '../estimate/profile.ts'
import type { Item } from './query.ts'
import type { Shapes, VariantShape } from '../core/graph.ts'

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
