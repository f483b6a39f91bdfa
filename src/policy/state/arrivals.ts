/**
 * When slots will hold the variants they load. A load under way has an expected end; the variants queued
 * behind it follow at the mean duration of loads.
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

  /** @param ok whether the load succeeded; only then does its duration count towards the mean */
  ended(slot: Slot, ok: boolean, nowMs: number): void {
    this.loading.delete(slot)
    slot.later = []
    if (ok) this.meanMs += S.loadWeight * (nowMs - slot.loadingSinceMs - this.meanMs)
  }

  /** Forgets a slot that was removed. */
  gone(slot: Slot): void {
    this.loading.delete(slot)
  }

  /** ms until the first loading slot holds the variant; Infinity if no slot is to load it. */
  inMs(variant: VariantShape, nowMs: number): number {
    let least = Infinity
    for (const { node, loading, later, loadingSinceMs } of this.loading) {
      const behind = loading === variant ? 0 : later.indexOf(variant) + 1
      if (node.paused || (behind === 0 && loading !== variant)) continue
      // A load past the mean is expected to take as long again as it took so far.
      const tookMs = nowMs - loadingSinceMs
      const leftMs = tookMs < this.meanMs ? this.meanMs - tookMs : tookMs
      least = Math.min(least, leftMs + behind * this.meanMs)
    }
    return least
  }
}
