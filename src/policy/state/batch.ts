/**
 * A batch as it is sent: how long it is expected to take, and how long it is waited for.
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

/** An item as it goes to a node. From a constructor: see `core/fresh.ts`. */
export class SentItem implements DispatchedItem {
  constructor(readonly query: QueryId, readonly payload: Handle) {}
}

export interface Booked {
  batch: Batch
  /** From now until its result is here, and until it is given up for lost. */
  expectedMs: number
  giveUpMs: number
}

export interface ToBook {
  slot: Slot
  variant: VariantShape
  /** Items of queries; none where no query waits for it. */
  items: Item[]
  count: number
  /** The latest of its items. */
  deadlineMs: number
  /** No other node could do it. */
  alone: boolean
  /** How often one of the items was sent before. */
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
    // A machine that slept keeps whoever waits for it, and a query without attempts left is lost: so
    // each further attempt is waited for longer, and one that no other node could do.
    const patience = B.giveUp ** (tries + (alone ? 1 : 0))
    const usualMs = waitMs + networkMs +
      Math.max(
        Math.max(B.giveUp * meanMs, meanMs + B.giveUpMs) * patience,
        variant.task.longestMs,
      ) +
      (isLoading ? B.slowMs : 0) + (isGuess ? 2 * B.slowMs : 0)
    // How long an answer will be nobody knows: whoever sees its tokens come tells when none do.
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
   * Whether nothing is to stand behind it: queries of another pipeline have less time than its own, and
   * when it ends is not known well enough for these.
   */
  private keepsSlot({ task: { pipeline: { pipeline } } }: VariantShape, spreadMs: number): boolean {
    const leastMs = leastSloMs(this.shapes)
    return pipeline.sloMs > leastMs && spreadMs > S.unsure * leastMs
  }
}
