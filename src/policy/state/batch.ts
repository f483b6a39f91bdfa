/**
 * A batch at sending: its expected duration, and how long the scheduler waits for it.
 *
 * @module
 */
import { leastSloMs, type Shapes, type VariantShape } from '../core/graph.ts'
import type { DispatchedItem, Handle, QueryId } from '../core/types.ts'
import type { Profile } from '../estimate/profile.ts'
import { batch as B, slot as S } from './params.ts'
import type { Item } from './query.ts'
import { besideOn, generates } from './rows.ts'
import { type Batch, type Slot } from './node.ts'
import { meanMsOn, readyAtMs, upperMsOn } from './slots.ts'

/** An item as it is sent to a node. Made by a constructor: see `core/fresh.ts`. */
export class SentItem implements DispatchedItem {
  constructor(readonly query: QueryId, readonly payload: Handle) {}
}

export interface Booked {
  batch: Batch
  /** ms from now until its result is due, and until it is given up. */
  expectedMs: number
  giveUpMs: number
}

export interface ToBook {
  slot: Slot
  variant: VariantShape
  /** Items of queries; empty if no query waits for the batch. */
  items: Item[]
  count: number
  /** Latest deadline of its items. */
  deadlineMs: number
  /** Whether no other node could run it. */
  alone: boolean
  /** Most times that one of its items was sent before. */
  tries: number
}

export class Booking {
  private nextId = 1

  constructor(private readonly shapes: Shapes, private readonly profile: Profile) {}

  book({ slot, variant, items, count, deadlineMs, alone, tries }: ToBook, nowMs: number): Booked {
    const together = count + besideOn(slot, variant.task)
    const meanMs = meanMsOn(slot, variant, together)
    const upperMs = upperMsOn(slot, variant, together)
    const networkMs = slot.node.times.networkMs(variant.task)
    const waitMs = readyAtMs(slot, nowMs, variant.task) - nowMs
    const expectedMs = Math.max(waitMs, networkMs / 2) + meanMs + networkMs / 2
    const isLoading = slot.loading !== null
    const isGuess = alone && !this.profile.hasRun(slot.node.id, variant)
    // A machine that wakes from sleep is worth waiting for, and a query without attempts left is lost: so
    // the wait grows with each further attempt, and if no other node could run the batch.
    const patience = B.giveUp ** (tries + (alone ? 1 : 0))
    const usualMs = waitMs + networkMs +
      Math.max(
        Math.max(B.giveUp * meanMs, meanMs + B.giveUpMs) * patience,
        variant.task.longestMs,
      ) +
      (isLoading ? B.slowMs : 0) + (isGuess ? 2 * B.slowMs : 0)
    // The length of a generated answer is unknown. Its token stream shows whether the node still works.
    const giveUpMs = generates(variant) ? Math.max(usualMs, deadlineMs - nowMs) : usualMs
    const batch: Batch = {
      id: this.nextId++,
      slot,
      variant,
      items,
      size: count,
      together,
      dispatchedMs: nowMs,
      meanMs,
      upperMs,
      networkMs,
      keepsSlot: this.keepsSlot(variant, upperMs - meanMs),
      endsAtMs: nowMs + expectedMs,
      giveUpAtMs: nowMs + giveUpMs,
      besideLoad: isLoading,
      allBesideLoad: isLoading,
      abandonedUntilMs: null,
      failed: false,
    }
    return { batch, expectedMs, giveUpMs }
  }

  /**
   * Whether no batch is to queue behind this one: another pipeline has a shorter SLO, and the end of this
   * batch is too uncertain for it.
   */
  private keepsSlot({ task: { pipeline: { pipeline } } }: VariantShape, spreadMs: number): boolean {
    const leastMs = leastSloMs(this.shapes)
    return pipeline.sloMs > leastMs && spreadMs > S.unsure * leastMs
  }
}
