/**
 * When slots will hold what they load: a load under way has an expected end, and what is to be
 * loaded after it follows at the same pace.
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import type { Slot } from './slots.ts'

export interface Arrivals {
  began(slot: Slot, nowMs: number): void
  /** @param ok it is held now; a load that failed says nothing of how long one takes */
  ended(slot: Slot, ok: boolean, nowMs: number): void
  /** The slot is no more. */
  gone(slot: Slot): void
  /** Whether any slot is loading. */
  readonly any: boolean
  /** Until the first slot of those that load holds the variant; Infinity where none is to. */
  inMs(variant: VariantShape, nowMs: number): number
}

/** What a load takes until one was seen. */
const FIRST_MS = 1000
/** Weight of the newest. */
const WEIGHT = 0.3

export function createArrivals(): Arrivals {
  const loading = new Set<Slot>()
  let meanMs = FIRST_MS

  /** A load that is late is taken to need as long again as it took so far. */
  function leftMs({ loadingSinceMs }: Slot, nowMs: number): number {
    const tookMs = nowMs - loadingSinceMs
    return tookMs < meanMs ? meanMs - tookMs : tookMs
  }

  return {
    began(slot, nowMs) {
      slot.loadingSinceMs = nowMs
      loading.add(slot)
    },
    ended(slot, ok, nowMs) {
      loading.delete(slot)
      slot.later = []
      if (ok) meanMs += WEIGHT * (nowMs - slot.loadingSinceMs - meanMs)
    },
    gone: (slot) => void loading.delete(slot),
    get any() {
      return loading.size > 0
    },
    inMs(variant, nowMs) {
      let least = Infinity
      for (const slot of loading) {
        if (slot.node.paused) continue
        const behind = slot.loading.has(variant) ? 0 : slot.later.indexOf(variant) + 1
        if (behind === 0 && !slot.loading.has(variant)) continue
        least = Math.min(least, leftMs(slot, nowMs) + behind * meanMs)
      }
      return least
    },
  }
}
