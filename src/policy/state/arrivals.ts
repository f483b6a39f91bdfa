/**
 * When slots will hold what they load: a load under way has an expected end, and what is to be
 * loaded after it follows at the same pace.
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import { slot as S } from './params.ts'
import type { Slot } from './node.ts'

export class Arrivals {
  private readonly loading = new Set<Slot>()
  private meanMs = S.loadMs

  /** Slots that are loading. */
  get count(): number {
    return this.loading.size
  }

  began(slot: Slot, nowMs: number): void {
    slot.loadingSinceMs = nowMs
    this.loading.add(slot)
  }

  /** @param ok it is held now; a load that failed says nothing of how long one takes */
  ended(slot: Slot, ok: boolean, nowMs: number): void {
    this.loading.delete(slot)
    slot.later = []
    if (ok) this.meanMs += S.loadWeight * (nowMs - slot.loadingSinceMs - this.meanMs)
  }

  /** The slot is no more. */
  gone(slot: Slot): void {
    this.loading.delete(slot)
  }

  /** Until the first slot of those that load holds the variant; Infinity where none is to. */
  inMs(variant: VariantShape, nowMs: number): number {
    let least = Infinity
    for (const { node, loading, later, loadingSinceMs } of this.loading) {
      const behind = loading === variant ? 0 : later.indexOf(variant) + 1
      if (node.paused || (behind === 0 && loading !== variant)) continue
      // A load that is late needs as long again as it took so far.
      const tookMs = nowMs - loadingSinceMs
      const leftMs = tookMs < this.meanMs ? this.meanMs - tookMs : tookMs
      least = Math.min(least, leftMs + behind * this.meanMs)
    }
    return least
  }
}
