/**
 * Voters (keys, addresses) of which a node was caught: the next ids from there are suspect from the start.
 * Others may stand behind the same address, so known answers make up for it, and it is forgotten in time.
 *
 * @module
 */
import { trust as params } from './params.ts'

export class Records {
  /** Until when it counts; the one caught last comes last. */
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
