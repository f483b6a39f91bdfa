/**
 * Inputs that the auditor failed at: it took too long, or crashed. Each is tried once.
 *
 * @module
 */
import type { Handle } from '../core/types.ts'
import { trust as params } from './params.ts'

export class Unconfirmable {
  /** Until when each is not tried again, the oldest first. */
  private readonly untilMs = new Map<unknown, number>()

  /** @param keyOf key of an input's content */
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
    // Reading a large input for its key is slow, and nearly always the table is empty.
    if (this.untilMs.size === 0) return false
    return (this.untilMs.get(this.keyOf(payload)) ?? -Infinity) > nowMs
  }
}
