/**
 * Inputs that the auditor came to nothing with: it took too long over them, or ended. Each is tried once.
 *
 * @module
 */
import type { Handle } from '../core/types.ts'
import { trust as params } from './params.ts'

export class Unconfirmable {
  /** Until when each is not tried again, the oldest first. */
  private readonly untilMs = new Map<unknown, number>()

  /** @param keyOf tells inputs apart by what they hold */
  constructor(private readonly keyOf: (payload: Handle) => unknown = (payload) => payload) {}

  add(payload: Handle, nowMs: number): void {
    const key = this.keyOf(payload)
    this.untilMs.delete(key)
    this.untilMs.set(key, nowMs + params.unconfirmableMs)
    if (this.untilMs.size > params.unconfirmable) {
      this.untilMs.delete(this.untilMs.keys().next().value)
    }
  }

  has(payload: Handle, nowMs: number): boolean {
    // To read a large input takes a while: nearly always there are none.
    if (this.untilMs.size === 0) return false
    return (this.untilMs.get(this.keyOf(payload)) ?? -Infinity) > nowMs
  }
}
