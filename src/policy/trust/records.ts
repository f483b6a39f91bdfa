/**
 * Voters (keys, addresses) with a node that was caught: later node ids of theirs are suspect from the
 * start. Other people may share the address, so known answers clear it, and the record expires.
 *
 * @module
 */
import { trust as params } from './params.ts'

export class Records {
  /** When each record expires; the latest caught comes last. */
  private readonly untilMs = new Map<string, number>()

  caught(voter: string, nowMs: number): void {
    this.untilMs.delete(voter)
    this.untilMs.set(voter, nowMs + params.recordMs)
    if (this.untilMs.size > params.remembered) {
      this.untilMs.delete(this.untilMs.keys().next().value!)
    }
  }

  has(voter: string, nowMs: number): boolean {
    return (this.untilMs.get(voter) ?? -Infinity) > nowMs
  }
}
