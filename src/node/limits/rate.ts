/**
 * How much was done lately.
 *
 * @module
 */
import type { Clock } from '../clock.ts'

export interface Rate {
  add(items: number): void
  /** Items a second over the window, or over the time since the first where that is less. */
  perS(): number
}

export function createRate(clock: Clock, windowMs = 10_000): Rate {
  const recent: { atMs: number; items: number }[] = []
  let firstMs: number | undefined
  return {
    add(items) {
      const atMs = clock.nowMs()
      firstMs ??= atMs
      recent.push({ atMs, items })
    },
    perS() {
      const nowMs = clock.nowMs()
      while (recent.length > 0 && nowMs - recent[0]!.atMs > windowMs) recent.shift()
      const items = recent.reduce((sum, one) => sum + one.items, 0)
      // The first moments would show a rate out of all proportion.
      const overMs = Math.max(1000, Math.min(windowMs, nowMs - (firstMs ?? nowMs)))
      return 1000 * items / overMs
    },
  }
}
